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

/** {@code device unbind}. */
@Command(
    name = "unbind",
    addMethodSubcommands = false,
    description =
        "Takes a device from vfio-pci or another VFIO driver, clears a driver_override that names"
            + " it, and lets the host's drivers probe the device. Refuses while somebody holds it,"
            + " and says who.")
public final class DeviceUnbind extends DriverChange {

  public DeviceUnbind(Invocation invocation) {
    super(invocation);
  }

  @Override
  boolean change(Kernel kernel, Host host, PciDevice before, Patience patience) {
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
    return true;
  }
}
