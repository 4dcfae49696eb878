// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.run;

import io.iommufd4j.cli.output.Formats;
import io.iommufd4j.kernel.Backend;
import io.iommufd4j.kernel.Backend.Purpose;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.KernelUnavailableException;
import io.iommufd4j.sim.Machine;
import io.iommufd4j.sim.SimKernel;

/** Opens the kernel that the options choose. */
final class KernelSource {

  private static final String PCI = "/sys/bus/pci/devices";

  private final Terminal terminal;
  private final Backend backend;
  private final String machine;

  private KernelSource(Terminal terminal, Backend backend, String machine) {
    this.terminal = terminal;
    this.backend = backend;
    this.machine = machine;
  }

  /**
   * Checks that the options agree with each other.
   *
   * @throws UsageException when they do not
   */
  static KernelSource of(GlobalOptions options, Terminal terminal) {
    Backend backend = options.backend == null ? Backend.AUTO : options.backend;
    if (options.simulate) {
      if (options.backend != null && backend != Backend.SIM) {
        throw new UsageException(
            "--sim and --backend " + Formats.name(backend) + " exclude each other");
      }
      backend = Backend.SIM;
    }
    if (options.machine != null && backend != Backend.SIM) {
      throw new UsageException("--machine names a simulated machine: add --sim");
    }
    return new KernelSource(terminal, backend, options.machine == null ? "" : options.machine);
  }

  /**
   * Starts the simulated kernel of a verb that has no other.
   *
   * @param release of Linux; empty for the newest
   * @throws UsageException when the options ask for another one, or for no machine that there is
   */
  static SimKernel simulated(GlobalOptions options, String release) {
    if (options.backend != null && options.backend != Backend.SIM) {
      throw new UsageException(
          "sim has a simulated kernel, not --backend " + Formats.name(options.backend));
    }
    return SimulatedMachine.start(options.machine == null ? "" : options.machine, release);
  }

  /**
   * Opens the kernel of a verb that simulates unless it is told otherwise.
   *
   * @param otherwise the machine that is meant when no option names one; empty for the default
   * @param recorded the release that is meant, where machines have it
   */
  static Kernel openFor(GlobalOptions options, String otherwise, String recorded) {
    if (options.backend == Backend.NATIVE && !options.simulate) {
      return Backend.NATIVE.open(Purpose.IOMMUFD);
    }
    return SimulatedMachine.start(
        options.machine == null ? otherwise : options.machine, isRelease(recorded) ? recorded : "");
  }

  private static boolean isRelease(String text) {
    try {
      Machine.named(Machine.DEFAULT).toBuilder().release(text);
      return true;
    } catch (IllegalArgumentException unknown) {
      return false;
    }
  }

  /**
   * Checks that the options ask for no other kernel than that of another process.
   *
   * @throws UsageException when they do
   */
  static void checkAttached(GlobalOptions options) {
    if (options.backend != null && options.backend != Backend.SIM) {
      throw new UsageException(
          "--attach takes a simulated kernel, not --backend " + Formats.name(options.backend));
    }
    if (options.machine != null) {
      throw new UsageException("the machine of --attach is there already: leave --machine out");
    }
  }

  /** True if the kernel is simulated because that was asked for. */
  boolean simulated() {
    return backend == Backend.SIM;
  }

  /**
   * Opens it.
   *
   * @throws KernelUnavailableException when it cannot serve what is needed here
   * @throws UsageException when there is no such simulated machine
   */
  Kernel open(Purpose purpose) {
    if (simulated()) {
      return SimulatedMachine.open(machine);
    }
    Kernel kernel = backend.open(purpose);
    if (kernel.identity().simulated()) {
      terminal
          .err()
          .println("note: there is no " + PCI + " here, so what follows is a simulated machine");
    }
    return kernel;
  }
}
