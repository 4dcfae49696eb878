package io.iommufd4j.cli;

import io.iommufd4j.kernel.Backend;
import io.iommufd4j.kernel.Kernel;

/** The simulated machines by name. */
final class SimulatedMachine {

  private SimulatedMachine() {}

  /**
   * Starts one.
   *
   * @param name {@code NAME[:IOMMU]}; empty for the default one
   * @throws UsageException when there is none of that name; the message lists those there are
   */
  static Kernel open(String name) {
    if (!name.isEmpty()) {
      throw new UsageException("no simulated machine is called '" + name + "'");
    }
    return Backend.SIM.open(Backend.Purpose.CHANGE);
  }
}
