// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

import io.iommufd4j.pci.Holder.Hold;
import java.util.Optional;

/**
 * The nodes by which a device can be held, each by its usual path and by its number.
 *
 * @param cdev path of the device's cdev; empty without one
 * @param cdevNumber its number
 * @param group path of the device's VFIO group; empty without one
 * @param groupNumber its number
 * @param address the device's own
 */
record DeviceNodes(
    String cdev,
    Optional<DeviceNumber> cdevNumber,
    String group,
    Optional<DeviceNumber> groupNumber,
    String address) {

  /** The directory of sysfs that has the numbers of cdevs. */
  static final String CDEVS = "class/vfio-dev";

  /** The directory of sysfs that has the numbers of VFIO groups. */
  static final String GROUPS = "class/vfio";

  static DeviceNodes of(Host host, PciDevice device) {
    Optional<String> group = groupName(device);
    return new DeviceNodes(
        device.cdevPath().orElse(""),
        device.cdev().flatMap(name -> number(host, CDEVS, name)),
        group.map("/dev/vfio/"::concat).orElse(""),
        group.flatMap(name -> number(host, GROUPS, name)),
        device.address().toString());
  }

  private static Optional<String> groupName(PciDevice device) {
    return device.group().isEmpty()
        ? Optional.empty()
        : Optional.of((device.heldWithoutIommu() ? "noiommu-" : "") + device.group().getAsInt());
  }

  /** The number of a node that sysfs lists under a class. */
  static Optional<DeviceNumber> number(Host host, String type, String name) {
    return DeviceNumber.attribute(host.sysfs().resolve(type).resolve(name).resolve("dev"));
  }

  /** True if VFIO has the device, so that it can be held at all. */
  boolean exist() {
    return !cdev.isEmpty() || groupNumber.isPresent();
  }

  /** True if a directory of sysfs is the device's. */
  boolean isDirectory(String path) {
    return path.endsWith("/" + address);
  }

  /** The hold that an open node means, by its path or else by its number. */
  Optional<Hold> hold(String path, Optional<DeviceNumber> number) {
    if (path.equals(cdev) || (number.isPresent() && number.equals(cdevNumber))) {
      return Optional.of(Hold.CDEV);
    }
    if (path.equals(group) || (number.isPresent() && number.equals(groupNumber))) {
      return Optional.of(Hold.GROUP);
    }
    return Optional.empty();
  }
}
