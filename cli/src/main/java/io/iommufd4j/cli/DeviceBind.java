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

/** {@code device bind}. */
@Command(
    name = "bind",
    description =
        "Hands a device to vfio-pci, and leaves it there: sets driver_override, unbinds the driver"
            + " it has, probes. Siblings of its group are named and not touched.")
final class DeviceBind extends Verb {

  @Mixin final DeviceName named = new DeviceName();
  @Mixin final WaitOption wait = new WaitOption();

  DeviceBind(Invocation invocation) {
    super(invocation, Need.DRIVERS);
  }

  @Override
  int run(Kernel kernel, Renderer renderer) {
    var host = Host.of(kernel);
    var before = device(host, named.device);
    Patience patience = wait.patience(invocation());
    VfioBinding binding = VfioBinding.prepare(kernel, List.of(before.address()), patience);
    if (!before.heldByVfio()) {
      String question =
          before
              .driver()
              .map(driver -> "take " + before.address() + " from its driver " + driver + "?")
              .orElse("hand " + before.address() + " to vfio-pci?");
      List<String> atStake = atStake(host, before, binding.virtualFunctions());
      var plan =
          new Document.BindingPlan(kernel.identity(), before, Optional.of("vfio-pci"), atStake);
      Consent.require(invocation(), question, plan);
    }
    invocation().interruption().begin();
    binding.bind();
    binding.keep();
    var after = host.device(before.address());
    renderer.result(new Document.Binding(kernel.identity(), before, after, host.blockers(after)));
    noteIfNothingStays(kernel);
    return ExitCode.OK;
  }

  static List<String> atStake(Host host, PciDevice device, List<PciDevice> functions) {
    var atStake = new ArrayList<String>();
    if (device.driver().isPresent()) {
      atStake.add(device.address() + " is in use by the host");
      atStake.addAll(HostUse.losses(host, device));
    }
    host.carriedBy(device)
        .forEach(carried ->
            atStake.add(
                carried.address() + " is reached through " + device.address() + " and goes"));
    if (!functions.isEmpty()) {
      atStake.add(VirtualFunctionLoss.forGood(device, functions));
      functions.forEach(function -> atStake.addAll(HostUse.losses(host, function)));
    }
    if (device.group().isEmpty() && !host.groupsOnBind(device)) {
      atStake.add(
          device.address()
              + " has no IOMMU: who opens it reaches all of this machine's memory by DMA, and the"
              + " kernel is tainted");
    }
    return atStake;
  }
}
