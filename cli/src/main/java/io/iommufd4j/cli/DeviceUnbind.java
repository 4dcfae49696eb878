package io.iommufd4j.cli;

import io.iommufd4j.cli.output.Document;
import io.iommufd4j.cli.output.Renderer;
import io.iommufd4j.cli.replace.VirtualFunctionLoss;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.HostUse;
import io.iommufd4j.pci.Patience;
import io.iommufd4j.pci.PciDevice;
import io.iommufd4j.pci.VfioBinding;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code device unbind}. */
@Command(
    name = "unbind",
    description =
        "Takes a device from vfio-pci or another VFIO driver, clears a driver_override that names"
            + " it, and lets the host's drivers probe the device. Refuses while somebody holds it,"
            + " and says who.")
final class DeviceUnbind extends Verb {

  @Mixin final DeviceName named = new DeviceName();
  @Mixin final WaitOption wait = new WaitOption();

  DeviceUnbind(Invocation invocation) {
    super(invocation, Need.DRIVERS);
  }

  @Override
  int run(Kernel kernel, Renderer renderer) {
    var host = Host.of(kernel);
    var before = device(host, named.device);
    Patience patience = wait.patience(invocation());
    List<PciDevice> functions = host.virtualFunctions(before);
    if (before.heldByVfio() && !functions.isEmpty()) {
      var atStake = new ArrayList<String>();
      atStake.add(VirtualFunctionLoss.forGood(before, functions));
      functions.forEach(function -> atStake.addAll(HostUse.losses(host, function)));
      var plan = new Document.BindingPlan(kernel.identity(), before, Optional.empty(), atStake);
      Consent.require(invocation(), "unbind it?", plan);
    }
    invocation().interruption().begin();
    VfioBinding.release(kernel, before.address(), patience);
    var after = host.device(before.address());
    renderer.result(new Document.Binding(kernel.identity(), before, after, host.blockers(after)));
    noteIfNothingStays(kernel);
    return ExitCode.OK;
  }
}
