// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.machine;

import io.iommufd4j.sim.pci.PciFunction;
import io.iommufd4j.sim.pci.VirtualFunctions;

/** Notified of functions that come and go while a kernel runs. */
public interface HotplugListener {

  /** A physical function can have virtual ones. */
  void capable(VirtualFunctions functions);

  /** A function is there, and has no driver yet. */
  void added(PciFunction function);

  /** A function is about to go, and has no driver any more. */
  void removed(PciFunction function);

  /**
   * A virtual function that was added belongs to a physical one.
   *
   * @param number its number among those of the physical one, from 0
   */
  void linked(PciFunction physical, PciFunction virtual, int number);

  /** A virtual function is about to lose its driver; undoes {@link #linked}. */
  void unlinked(PciFunction physical, PciFunction virtual, int number);

  /** The root bus of the PCI domain behind a VMD is there, without functions. */
  void domainAdded(PciFunction vmd);

  /** It goes, and its functions have gone. */
  void domainRemoved(PciFunction vmd);
}
