// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

import io.iommufd4j.pci.Holder.Hold;
import java.util.Optional;

/**
 * A file of VFIO that a process has open or mapped, as {@code /proc} shows it.
 *
 * @param pid the process
 * @param command its name; empty when it cannot be read
 * @param path of the file, as the process sees it
 * @param number of the node behind the path; empty unless it is one of VFIO's
 * @param device the device's directory in sysfs, where Linux names it for a descriptor
 * @param mapped true for a mapping, false for a descriptor
 */
record OpenVfioFile(
    long pid,
    String command,
    String path,
    Optional<DeviceNumber> number,
    Optional<String> device,
    boolean mapped) {

  /** Linux' name for a descriptor that a VFIO group gave. */
  static final String BY_GROUP = "anon_inode:[vfio-device]";

  /** The process as a holder of a device; empty when the file is another device's. */
  Optional<Holder> heldOf(DeviceNodes nodes) {
    return hold(nodes).map(hold -> new Holder(pid, command, hold, path));
  }

  private Optional<Hold> hold(DeviceNodes nodes) {
    if (path.equals(BY_GROUP)) {
      return mapped || device.isEmpty()
          ? Optional.of(Hold.SOME_DEVICE)
          : device.filter(nodes::isDirectory).map(_ -> Hold.DEVICE);
    }
    Optional<Hold> hold = nodes.hold(path, number);
    return mapped ? hold.filter(Hold.CDEV::equals).map(_ -> Hold.MAPPING) : hold;
  }
}
