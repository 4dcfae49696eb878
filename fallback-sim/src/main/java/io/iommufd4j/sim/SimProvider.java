// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import io.iommufd4j.kernel.Availability;
import io.iommufd4j.kernel.Backend;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.KernelIdentity;
import io.iommufd4j.kernel.KernelProvider;

/**
 * Gives simulated kernels. Always available; which machine they run on is told by the system
 * property {@value #MACHINE}, in the form that {@link Machine#named} takes.
 */
public final class SimProvider implements KernelProvider {

  /** The system property that names the machine. */
  public static final String MACHINE = "iommufd4j.sim.machine";

  /** For {@link java.util.ServiceLoader}. */
  public SimProvider() {}

  @Override
  public String backend() {
    return KernelIdentity.SIM;
  }

  @Override
  public Availability probe(Backend.Purpose purpose) {
    try {
      machine();
      return new Availability.Available();
    } catch (IllegalArgumentException e) {
      return new Availability.Unavailable(
          "-D" + MACHINE + ": " + e.getMessage(), "name another machine, or none");
    }
  }

  @Override
  public Kernel open() {
    return SimKernel.on(machine());
  }

  private static Machine machine() {
    return Machine.named(System.getProperty(MACHINE, Machine.DEFAULT));
  }
}
