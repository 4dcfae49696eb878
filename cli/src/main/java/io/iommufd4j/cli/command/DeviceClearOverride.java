// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.command;

import io.iommufd4j.cli.output.Document;
import io.iommufd4j.cli.run.Invocation;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.DriverOverride;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.Patience;
import io.iommufd4j.pci.PciDevice;
import picocli.CommandLine.Command;

/** {@code device clear-override}. */
@Command(
    name = "clear-override",
    addMethodSubcommands = false,
    description =
        "Clears a driver_override, as a run that was killed may have left behind, and says what it"
            + " was. The driver that the device has stays; any may have it at the next probe.")
public final class DeviceClearOverride extends DriverChange {

  public DeviceClearOverride(Invocation invocation) {
    super(invocation);
  }

  @Override
  boolean change(Kernel kernel, Host host, PciDevice before, Patience patience) {
    invocation().interruption().begin();
    DriverOverride.clear(kernel, before, patience);
    return before.driverOverride().isPresent();
  }

  @Override
  Document result(Kernel kernel, Host host, PciDevice before, PciDevice after) {
    return new Document.Overridden(kernel.identity(), before, after);
  }
}
