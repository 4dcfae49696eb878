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
    return start(name, "");
  }

  /**
   * Starts one with a release of Linux.
   *
   * @param name as for {@link #open}
   * @param release as {@link Machine.Builder#release} takes it; empty for the newest
   * @throws UsageException as {@link #open}, and when there is no such release
   */
  static SimKernel start(String name, String release) {
    try {
      Machine machine = Machine.named(name.isEmpty() ? Machine.DEFAULT : name);
      return SimKernel.on(
          release.isEmpty() ? machine : machine.toBuilder().release(release).build());
    } catch (IllegalArgumentException unknown) {
      throw new UsageException(unknown);
    }
  }
}
