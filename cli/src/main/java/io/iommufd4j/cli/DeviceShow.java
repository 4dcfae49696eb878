package io.iommufd4j.cli;

import io.iommufd4j.cli.output.Document;
import io.iommufd4j.cli.output.Renderer;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Host;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code device show}. */
@Command(
    name = "show",
    description = "Shows a device: driver, cdev, IOMMU and what a replace means there, group.")
final class DeviceShow extends Verb {

  @Mixin final DeviceName named = new DeviceName();

  DeviceShow(Invocation invocation) {
    super(invocation, Need.LOOK);
  }

  @Override
  int run(Kernel kernel, Renderer renderer) {
    var host = Host.of(kernel);
    var device = device(host, named.device);
    renderer.result(Document.Device.of(kernel, device));
    return ExitCode.OK;
  }
}
