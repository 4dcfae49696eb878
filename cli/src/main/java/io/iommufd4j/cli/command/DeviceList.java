// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.command;

import io.iommufd4j.cli.output.Document;
import io.iommufd4j.cli.output.Renderer;
import io.iommufd4j.cli.run.ExitCode;
import io.iommufd4j.cli.run.Invocation;
import io.iommufd4j.kernel.Backend.Purpose;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Host;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code device list}. */
@Command(
    name = "list",
    addMethodSubcommands = false,
    description =
        "Lists the PCI devices that an IOMMU translates for, those that VFIO holds without one,"
            + " mediated devices, and those that some kernels put in a group only once a driver is bound.")
public final class DeviceList extends Verb {

  @Option(
      names = {"-a", "--all"},
      description = "Those without an IOMMU group as well.")
  boolean all;

  public DeviceList(Invocation invocation) {
    super(invocation, Purpose.LOOK);
  }

  @Override
  protected int run(Kernel kernel, Renderer renderer) {
    var host = Host.of(kernel);
    var devices =
        host.devices().stream()
            .filter(device -> all || device.group().isPresent() || host.groupsOnBind(device))
            .toList();
    renderer.result(new Document.Devices(kernel.identity(), devices, host.mediatedDevices()));
    return ExitCode.OK;
  }
}
