package io.iommufd4j.sim.pci;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;

/** A driver on the PCI bus ({@code struct pci_driver}). */
public interface PciDriver {

  /** As {@code /sys/bus/pci/drivers} names it. */
  String name();

  /** Whether it wants a function that nobody told it to take ({@code id_table}). */
  boolean matches(PciFunction function);

  /**
   * Takes a function.
   *
   * @throws Refused what {@code probe} answers
   */
  void probe(PciFunction function);

  /** Whether it makes virtual functions of what it has ({@code sriov_configure}). */
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
