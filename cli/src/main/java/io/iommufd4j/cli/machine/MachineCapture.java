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
    description = {
      "Prints this host as a machine file: PCI functions with their registers and BARs,"
          + " groups, drivers, IOMMUs, reserved IOVAs.",
      "Reads sysfs and changes nothing. Without privileges each function shows 64 bytes"
          + " of its registers, and the file says so. Serial numbers are left out. Then:"
          + " iommufdctl --sim --machine host.yaml device list."
    })
public final class MachineCapture implements Callable<Integer> {

  private final Invocation invocation;

  @Option(names = "--name", paramLabel = "NAME", description = "The machine's name (default host).")
  String name = "host";

  @Option(
      names = "--probe",
      description =
          "Asks /dev/iommu as well where sysfs does not show an IOMMU's registers or IOVAs (SMMUv3,"
              + " virtio-iommu, AMD-Vi), through a device that a VFIO driver has and nobody uses:"
              + " it is bound for a moment, which resets it.")
  boolean probe;

  /** For an invocation. */
  public MachineCapture(Invocation invocation) {
    this.invocation = invocation;
  }

  @Override
  public Integer call() {
    try (Kernel kernel = invocation.open(probe ? Purpose.IOMMUFD : Purpose.LOOK)) {
      String yaml = HostCapture.of(kernel, name, probe);
      invocation
          .renderer("machine capture")
          .result(new Document.MachineYaml(Optional.of(kernel.identity()), name, yaml));
      return ExitCode.OK;
    }
  }
}
