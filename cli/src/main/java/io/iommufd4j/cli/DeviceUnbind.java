package io.iommufd4j.cli;

import io.iommufd4j.cli.output.Document;
import io.iommufd4j.cli.output.Renderer;
import io.iommufd4j.host.Host;
import io.iommufd4j.host.VfioBinding;
import io.iommufd4j.kernel.Kernel;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code device unbind}. */
@Command(
    name = "unbind",
    description =
        "Takes a device from vfio-pci, clears a driver_override that names vfio-pci, and lets the"
            + " host's drivers probe it.")
final class DeviceUnbind extends Verb {

  @Mixin final DeviceName named = new DeviceName();

  DeviceUnbind(Invocation invocation) {
    super(invocation, Need.DRIVERS);
  }

  @Override
  int run(Kernel kernel, Renderer renderer) {
    var host = Host.of(kernel);
    var before = device(host, named.device);
    invocation().interruption().begin();
    VfioBinding.release(kernel, before.address());
    var after = host.device(before.address());
    renderer.result(new Document.Binding(kernel.identity(), before, after, host.blockers(after)));
    return ExitCode.OK;
  }
}
