// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.run;

import io.iommufd4j.kernel.Backend;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.sim.Machine;
import io.iommufd4j.sim.SimKernel;

/** The simulated machines by name or file. */
final class SimulatedMachine {

  private SimulatedMachine() {}

  /**
   * Starts one.
   *
   * @param name {@code NAME[:IOMMU]} or a file; empty for the default one
   * @throws UsageException when there is none of that name, and the message lists those there are;
   *     or the file describes none
   */
  static Kernel open(String name) {
    return name.isEmpty() ? Backend.SIM.open(Backend.Purpose.IOMMUFD) : start(name);
  }

  /**
   * Starts one, for who needs more of it than a kernel.
   *
   * @param name as for {@link #open}
   * @throws UsageException as {@link #open}
   */
  static SimKernel start(String name) {
    if (name.isEmpty()) {
      return SimKernel.create();
    }
    try {
      return SimKernel.on(Machine.named(name));
    } catch (IllegalArgumentException unknown) {
      throw new UsageException(String.valueOf(unknown.getMessage()));
    }
  }
}
