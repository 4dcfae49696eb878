// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.command;

import io.iommufd4j.cli.output.Renderer;
import io.iommufd4j.cli.run.Invocation;
import io.iommufd4j.cli.run.UsageException;
import io.iommufd4j.kernel.Backend.Purpose;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciDevice;
import picocli.CommandLine.Parameters;

/** A verb about one device: finds it before anything else. */
public abstract class DeviceVerb extends Verb {

  @Parameters(
      paramLabel = "DEVICE",
      description =
          "A PCI address (0000:02:01.0 or 02:01.0; without a domain it means 0000, or the only one"
              + " that has such a device), a VFIO cdev (/dev/vfio/devices/vfio0 or vfio0), or the"
              + " device's directory in sysfs.")
  String name = "";

  protected DeviceVerb(Invocation invocation, Purpose purpose) {
    super(invocation, purpose);
  }

  @Override
  protected final int run(Kernel kernel, Renderer renderer) {
    var host = Host.of(kernel);
    return run(kernel, host, device(host), renderer);
  }

  /** The exit code. */
  protected abstract int run(Kernel kernel, Host host, PciDevice device, Renderer renderer);

  /**
   * The device that was named.
   *
   * @throws UsageException when the text names no device at all
   * @throws io.iommufd4j.error.HostException when there is no such device
   */
  private PciDevice device(Host host) {
    try {
      return host.locate(name);
    } catch (IllegalArgumentException malformed) {
      throw new UsageException(malformed);
    }
  }
}
