package io.iommufd4j.cli.run;

import io.iommufd4j.cli.output.Formats;
import io.iommufd4j.kernel.Availability.Unavailable;
import io.iommufd4j.kernel.Backend;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.KernelIdentity;
import io.iommufd4j.kernel.KernelProvider;
import io.iommufd4j.kernel.KernelUnavailableException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Opens the kernel that the options choose. */
final class KernelSource {

  private static final Path PCI = Path.of("/sys/bus/pci/devices");

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

  /** Whether the kernel is simulated because that was asked for. */
  boolean simulated() {
    return backend == Backend.SIM;
  }

  /**
   * Opens it.
   *
   * @throws KernelUnavailableException when it cannot serve what is needed here
   * @throws UsageException when there is no such simulated machine
   */
  Kernel open(Need need) {
    return switch (backend) {
      case SIM -> SimulatedMachine.open(machine);
      case NATIVE -> host(need);
      case AUTO -> need == Need.LOOK && !Files.isDirectory(PCI) ? inPlaceOfHost() : host(need);
    };
  }

  private Kernel inPlaceOfHost() {
    terminal
        .err()
        .println("note: there is no " + PCI + " here, so what follows is a simulated machine");
    return SimulatedMachine.open(machine);
  }

  private static Kernel host(Need need) {
    KernelProvider provider = Backend.provider(KernelIdentity.NATIVE);
    if (need != Need.IOMMUFD) {
      return sysfs(provider);
    }
    return Backend.NATIVE.open(Backend.Purpose.CHANGE);
  }

  /** Drivers and groups can be seen and changed where /dev/iommu is missing, too. */
  private static Kernel sysfs(KernelProvider provider) {
    if (!Files.isDirectory(PCI)) {
      throw new KernelUnavailableException(
          KernelIdentity.NATIVE,
          "there is no " + PCI,
          "take a host with PCI, or the simulated kernel: --sim");
    }
    try {
      return provider.open();
    } catch (LinkageError | RuntimeException e) {
      if (provider.probe() instanceof Unavailable(String reason, String mend)) {
        throw new KernelUnavailableException(KernelIdentity.NATIVE, reason, mend);
      }
      throw e;
    }
  }
}
