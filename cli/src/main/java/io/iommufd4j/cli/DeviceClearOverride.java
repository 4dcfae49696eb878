package io.iommufd4j.cli;

import io.iommufd4j.cli.output.Document;
import io.iommufd4j.cli.output.Renderer;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.DriverOverride;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.Patience;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code device clear-override}. */
@Command(
    name = "clear-override",
    description =
        "Clears a driver_override, as a run that was killed may have left behind, and says what it"
            + " was. The driver that the device has stays; any may have it at the next probe.")
final class DeviceClearOverride extends Verb {

  @Mixin final DeviceName named = new DeviceName();
  @Mixin final WaitOption wait = new WaitOption();

  DeviceClearOverride(Invocation invocation) {
    super(invocation, Need.DRIVERS);
  }

  @Override
  int run(Kernel kernel, Renderer renderer) {
    var host = Host.of(kernel);
    var before = device(host, named.device);
    Patience patience = wait.patience(invocation());
    invocation().interruption().begin();
    DriverOverride.clear(kernel, before, patience);
    var after = host.device(before.address());
    renderer.result(new Document.Overridden(kernel.identity(), before, after));
    if (before.driverOverride().isPresent()) {
      noteIfNothingStays(kernel);
    }
    return ExitCode.OK;
  }
}
