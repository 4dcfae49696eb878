// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.sysfs;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.DeviceNumber;
import io.iommufd4j.sim.fs.Devtmpfs;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.vfio.VfioDevice;
import io.iommufd4j.sim.vfio.VfioGroup;
import io.iommufd4j.sim.vfio.VfioPci;
import java.util.function.Supplier;

/**
 * The nodes under {@code /dev}: iommufd's node, VFIO's container, its groups and its devices. They
 * belong to root.
 */
public final class DeviceNodes {

  private static final String IOMMU = "/dev/iommu";
  private static final String CONTAINER = "/dev/vfio/vfio";

  private static final DeviceNumber IOMMU_NUMBER = new DeviceNumber(10, 257);
  private static final DeviceNumber CONTAINER_NUMBER = new DeviceNumber(10, 196);

  private final Devtmpfs dev;
  private final boolean root;
  private final FaultPlan faults;
  private final VfioPci vfio;
  private final Supplier<? extends OpenFile> iommufds;

  /**
   * The nodes of a kernel.
   *
   * @param dev where they are
   * @param root whether root opens them
   * @param iommufds opens {@code /dev/iommu}
   */
  public DeviceNodes(
      Devtmpfs dev,
      boolean root,
      FaultPlan faults,
      VfioPci vfio,
      Supplier<? extends OpenFile> iommufds) {
    dev.add(IOMMU, IOMMU_NUMBER);
    dev.add(CONTAINER, CONTAINER_NUMBER);
    this.dev = dev;
    this.root = root;
    this.faults = faults;
    this.vfio = vfio;
    this.iommufds = iommufds;
  }

  /**
   * True if a path is the node of iommufd, a device, a group or a container: for those, {@code
   * /proc} shows who has them open.
   */
  public boolean shown(String path) {
    return dev.number(path).isPresent();
  }

  /**
   * {@code open(2)}.
   *
   * @throws Refused ENOENT when there is no such node, ENXIO when a node has no device, EACCES for
   *     another than root, and what the node answers
   */
  public OpenFile open(String path) {
    DeviceNumber number = dev.number(path).orElseThrow(() -> Refused.with(Errno.ENOENT));
    if (number.equals(IOMMU_NUMBER)) {
      requireRoot();
      faults.alloc(); // The open file.
      faults.alloc(); // The context.
      return iommufds.get();
    }
    if (number.equals(CONTAINER_NUMBER)) {
      return vfio.openContainer();
    }
    return switch (number.major()) {
      case VfioNodesView.DEVICE_MAJOR -> openDevice(number.minor());
      case VfioNodesView.GROUP_MAJOR -> openGroup(number.minor());
      default -> throw Refused.with(Errno.ENXIO);
    };
  }

  private OpenFile openDevice(int index) {
    for (VfioDevice device : vfio.devices()) {
      if (device.index() == index && !device.leaving()) {
        requireRoot();
        faults.alloc(); // The open file.
        faults.alloc(); // What VFIO keeps of it.
        return vfio.open(device);
      }
    }
    throw Refused.with(Errno.ENXIO);
  }

  private OpenFile openGroup(int minor) {
    for (VfioGroup group : vfio.groups()) {
      if (group.minor() == minor) {
        requireRoot();
        return vfio.open(group);
      }
    }
    throw Refused.with(Errno.ENXIO);
  }

  private void requireRoot() {
    if (!root) {
      throw Refused.with(Errno.EACCES);
    }
  }
}
