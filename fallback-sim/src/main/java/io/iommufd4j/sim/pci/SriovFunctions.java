// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.pci;

import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/** The virtual functions of every physical one of a machine. */
public final class SriovFunctions {

  private final ConcurrentMap<PciFunction, VirtualFunctions> all = new ConcurrentHashMap<>();

  /** Notes the virtual functions of one more physical one. */
  public void add(VirtualFunctions functions) {
    all.put(functions.physical(), functions);
  }

  /** Those of a function; empty when it is none with SR-IOV. */
  public Optional<VirtualFunctions> of(PciFunction physical) {
    return Optional.ofNullable(all.get(physical));
  }

  /** {@code pci_device_can_probe}: not only when a function names its driver. */
  public boolean autoprobes(PciFunction function) {
    PciFunction physical = function.physical();
    return physical == null || of(physical).map(VirtualFunctions::autoprobe).orElse(true);
  }
}
