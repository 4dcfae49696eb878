// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.command;

import io.iommufd4j.cli.output.Document;
import io.iommufd4j.cli.output.Renderer;
import io.iommufd4j.cli.run.ExitCode;
import io.iommufd4j.cli.run.Invocation;
import io.iommufd4j.kernel.Backend.Purpose;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciDevice;
import picocli.CommandLine.Command;

/** {@code device show}. */
@Command(
    name = "show",
    addMethodSubcommands = false,
    description = "Shows a device: driver, cdev, IOMMU and what a replace means there, group.")
public final class DeviceShow extends DeviceVerb {

  public DeviceShow(Invocation invocation) {
    super(invocation, Purpose.LOOK);
  }

  @Override
  protected int run(Kernel kernel, Host host, PciDevice device, Renderer renderer) {
    renderer.result(Document.Device.of(kernel, device));
    return ExitCode.OK;
  }
}
