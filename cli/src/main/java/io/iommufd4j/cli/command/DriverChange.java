// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.command;

import io.iommufd4j.cli.output.Document;
import io.iommufd4j.cli.output.Renderer;
import io.iommufd4j.cli.run.ExitCode;
import io.iommufd4j.cli.run.Invocation;
import io.iommufd4j.kernel.Backend.Purpose;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.Patience;
import io.iommufd4j.pci.PciDevice;
import picocli.CommandLine.Mixin;

/** A verb that changes the driver of a device permanently: shows the device before and after. */
abstract class DriverChange extends DeviceVerb {

  @Mixin final WaitOption wait = new WaitOption();

  DriverChange(Invocation invocation) {
    super(invocation, Purpose.DRIVERS);
  }

  @Override
  protected final int run(Kernel kernel, Host host, PciDevice before, Renderer renderer) {
    boolean changed = change(kernel, host, before, wait.patience(invocation()));
    renderer.result(result(kernel, host, before, host.device(before.address())));
    if (changed && kernel.identity().simulated()) {
      invocation()
          .terminal()
          .err()
          .println(
              "note: the simulated kernel ends with this command; nothing of the change stays");
    }
    return ExitCode.OK;
  }

  /**
   * Makes the change, once everything that it puts at stake is agreed to.
   *
   * @return false if there was nothing to change
   */
  abstract boolean change(Kernel kernel, Host host, PciDevice before, Patience patience);

  /** The document that shows the change. */
  Document result(Kernel kernel, Host host, PciDevice before, PciDevice after) {
    return new Document.Binding(kernel.identity(), before, after, host.blockers(after));
  }
}
