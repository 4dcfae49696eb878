// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.machine;

import io.iommufd4j.cli.output.Document;
import io.iommufd4j.cli.run.ExitCode;
import io.iommufd4j.cli.run.Invocation;
import io.iommufd4j.kernel.Backend.Purpose;
import io.iommufd4j.kernel.Kernel;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code machine capture}. */
@Command(
    name = "capture",
    addMethodSubcommands = false,
    description =
        "Prints this host as a machine file: PCI functions with their registers and BARs, groups,"
            + " drivers, IOMMUs, reserved IOVAs. Reads sysfs and changes nothing; without privileges"
            + " each function shows 64 bytes of its registers, and the file says so. Serial numbers"
            + " are left out. Then: iommufdctl --sim --machine host.yaml device list.")
public final class MachineCapture implements Callable<Integer> {

  private final Invocation invocation;

  @Option(names = "--name", paramLabel = "NAME", description = "The machine's name (default host).")
  String name = "host";

  /** For an invocation. */
  public MachineCapture(Invocation invocation) {
    this.invocation = invocation;
  }

  @Override
  public Integer call() {
    try (Kernel kernel = invocation.open(Purpose.LOOK)) {
      String yaml = HostCapture.of(kernel, name);
      invocation
          .renderer("machine capture")
          .result(new Document.MachineYaml(Optional.of(kernel.identity()), name, yaml));
      return ExitCode.OK;
    }
  }
}
