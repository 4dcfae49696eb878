package io.iommufd4j.sim;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.iommufd.IommufdContext;
import io.iommufd4j.sim.iommufd.IommufdFile;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.vfio.VfioDevice;
import io.iommufd4j.sim.vfio.VfioGroup;
import io.iommufd4j.sim.vfio.VfioPci;
import java.util.function.Supplier;

/**
 * What lies under {@code /dev}: iommufd's node, VFIO's container, its groups and its devices. They
 * are root's unless somebody hands them over, which nobody does here.
 */
final class DeviceNodes {

  private static final String IOMMU = "/dev/iommu";
  private static final String CONTAINER = "/dev/vfio/vfio";
  private static final String DEVICES = "/dev/vfio/devices/";
  private static final String GROUPS = "/dev/vfio/";

  private final boolean root;
  private final FaultPlan faults;
  private final VfioPci vfio;
  private final Supplier<IommufdContext> contexts;

  /**
   * The nodes of a kernel.
   *
   * @param root whether root opens them
   * @param contexts makes what an open of {@code /dev/iommu} stands for
   */
  DeviceNodes(boolean root, FaultPlan faults, VfioPci vfio, Supplier<IommufdContext> contexts) {
    this.root = root;
    this.faults = faults;
    this.vfio = vfio;
    this.contexts = contexts;
  }

  /** Whether a path is of a node that belongs to a device or a group: who has it open is told. */
  static boolean ofDevice(String path) {
    return path.startsWith(GROUPS) && !path.equals(CONTAINER);
  }

  /**
   * {@code open(2)}.
   *
   * @throws Refused ENOENT when there is no such node, EACCES for another than root, and what the
   *     node answers
   */
  OpenFile open(String path) {
    if (path.equals(IOMMU)) {
      requireRoot();
      faults.alloc(); // The open file.
      faults.alloc(); // The context.
      return new IommufdFile(contexts.get());
    }
    if (path.equals(CONTAINER)) {
      return vfio.openContainer();
    }
    if (path.startsWith(DEVICES)) {
      return openDevice(path.substring(DEVICES.length()));
    }
    if (path.startsWith(GROUPS)) {
      return openGroup(path.substring(GROUPS.length()));
    }
    throw Refused.with(Errno.ENOENT);
  }

  private OpenFile openDevice(String name) {
    for (VfioDevice device : vfio.devices()) {
      if (device.nodeName().equals(name) && !device.leaving()) {
        requireRoot();
        faults.alloc(); // The open file.
        faults.alloc(); // What VFIO keeps of it.
        return device.open();
      }
    }
    throw Refused.with(Errno.ENOENT);
  }

  private OpenFile openGroup(String name) {
    for (VfioGroup group : vfio.groups()) {
      if (group.nodeName().equals(name)) {
        requireRoot();
        return group.open();
      }
    }
    throw Refused.with(Errno.ENOENT);
  }

  private void requireRoot() {
    if (!root) {
      throw Refused.with(Errno.EACCES);
    }
  }
}
