// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.pci.PciAddress;
import java.util.function.ToLongBiFunction;
import org.jspecify.annotations.Nullable;

/**
 * vfio-pci, which lacks no more than one of the devices: the lowest free number of a node is then
 * that device's, and it gets it back. Answers are bytes written or −errno.
 */
final class LateDriver {

  private static final String DRIVER = "/sys/bus/pci/drivers/vfio-pci/";

  private final ToLongBiFunction<String, String> write;
  private @Nullable String unbound;

  /**
   * Has all devices.
   *
   * @param write writes a text to a file
   */
  LateDriver(ToLongBiFunction<String, String> write) {
    this.write = write;
  }

  /**
   * Takes a device from it; EBUSY while another one is taken, ENODEV for one that the machine
   * lacks.
   */
  long unbind(@Nullable PciAddress device) {
    if (unbound != null) {
      return Errno.EBUSY.negated();
    }
    if (device == null) {
      return Errno.ENODEV.negated();
    }
    String address = device.toString();
    long result = write.applyAsLong(DRIVER + "unbind", address);
    unbound = result < 0 ? null : address;
    return result;
  }

  /** Gives the one back that was taken; ENODEV when none was. */
  long bindAgain() {
    String address = unbound;
    if (address == null) {
      return Errno.ENODEV.negated();
    }
    long result = write.applyAsLong(DRIVER + "bind", address);
    unbound = result < 0 ? address : null;
    return result;
  }

  /** Takes a device from it and gives it back. */
  long rebind(@Nullable PciAddress device) {
    long result = unbind(device);
    return result < 0 ? result : bindAgain();
  }

  /** Has all devices again: 0, or 1 where that was refused. */
  int end() {
    return unbound != null && bindAgain() < 0 ? 1 : 0;
  }
}
