package io.iommufd4j.cli;

import io.iommufd4j.cli.output.Document;
import io.iommufd4j.cli.output.Renderer;
import io.iommufd4j.host.Host;
import io.iommufd4j.kernel.Kernel;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code device list}. */
@Command(
    name = "list",
    description =
        "Lists the PCI devices that an IOMMU translates for, and those that VFIO holds without"
            + " one.")
final class DeviceList extends Verb {

  @Option(
      names = {"-a", "--all"},
      description = "Those without an IOMMU group as well.")
  boolean all;

  DeviceList(Invocation invocation) {
    super(invocation, Need.LOOK);
  }

  @Override
  int run(Kernel kernel, Renderer renderer) {
    var devices =
        Host.of(kernel).devices().stream()
            .filter(device -> all || device.group().isPresent())
            .toList();
    renderer.result(new Document.Devices(kernel.identity(), devices));
    return ExitCode.OK;
  }
}
