// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

import io.iommufd4j.error.HostException;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.SysfsWrite;

/** The attribute that names the one driver that may have a device. */
public final class DriverOverride {

  private DriverOverride() {}

  /**
   * Clears it, so that any driver may have the device at the next probe; the driver that it has
   * stays. Does nothing where none is set.
   *
   * @param kernel the kernel that has the device
   * @param device as it was found
   * @param patience the attribute is written under the device's lock, which another write to the
   *     device may hold for as long as somebody keeps that one waiting
   * @throws HostException with the errno of {@code open(2)} or {@code write(2)}; ETIMEDOUT when it
   *     was given up
   */
  public static void clear(Kernel kernel, PciDevice device, Patience patience) {
    if (device.driverOverride().isEmpty()) {
      return;
    }
    var attribute = Host.of(kernel).directory(device.address()).resolve("driver_override");
    try (var writes = new WatchedWrites(kernel, patience, () -> "")) {
      writes.write(new SysfsWrite(attribute, ""), WatchedWrites.Hints.NONE);
    }
  }
}
