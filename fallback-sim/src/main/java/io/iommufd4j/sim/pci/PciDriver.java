// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.pci;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;

/** A driver on the PCI bus ({@code struct pci_driver}). */
public interface PciDriver {

  /** As {@code /sys/bus/pci/drivers} names it. */
  String name();

  /** True if its own table of ids matches a function ({@code id_table}). */
  boolean matches(PciFunction function);

  /**
   * Takes a function.
   *
   * @throws Refused what {@code probe} answers
   */
  void probe(PciFunction function);

  /** True if it can enable virtual functions of its functions ({@code sriov_configure}). */
  default boolean makesVirtualFunctions() {
    return false;
  }

  /**
   * {@code sriov_configure}: makes as many virtual functions as are wanted, where there are none,
   * or takes them all away.
   *
   * @throws Refused ENOENT when it makes none
   */
  default void count(VirtualFunctions functions, int wanted) {
    throw Refused.with(Errno.ENOENT);
  }

  /** Lets go of a function. */
  void remove(PciFunction function);
}
