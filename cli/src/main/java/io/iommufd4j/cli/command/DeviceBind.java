// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.command;

import io.iommufd4j.cli.output.Document;
import io.iommufd4j.cli.replace.VirtualFunctionLoss;
import io.iommufd4j.cli.run.Invocation;
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

/** {@code device bind}. */
@Command(
    name = "bind",
    addMethodSubcommands = false,
    description =
        "Hands a device to vfio-pci, and leaves it there: sets driver_override, unbinds the driver"
            + " it has, probes. Siblings of its group are named and not touched.")
public final class DeviceBind extends DriverChange {

  public DeviceBind(Invocation invocation) {
    super(invocation);
  }

  @Override
  boolean change(Kernel kernel, Host host, PciDevice before, Patience patience) {
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
    return true;
  }

  /** Sentences that name what the host loses with the device, permanently. */
  public static List<String> atStake(Host host, PciDevice device, List<PciDevice> functions) {
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
