// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.sysfs;

import io.iommufd4j.sim.fs.DeviceNumber;
import io.iommufd4j.sim.fs.Devtmpfs;
import io.iommufd4j.sim.fs.Sysfs;
import io.iommufd4j.sim.pci.PciFunction;
import io.iommufd4j.sim.vfio.VfioDevice;
import io.iommufd4j.sim.vfio.VfioGroup;
import io.iommufd4j.sim.vfio.VfioPci;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The nodes of VFIO's devices and groups: in sysfs and in {@code /dev}. Guarded by its owner. */
final class VfioNodesView {

  /** {@code /proc/devices} has vfio's nodes under it in the lab; it is given out at boot. */
  static final int DEVICE_MAJOR = 251;

  static final int GROUP_MAJOR = 252;

  private final Sysfs sysfs;
  private final Devtmpfs dev;
  private final VfioPci vfio;

  // Names of nodes, by the address of the function.
  private final Map<String, String> shown = new HashMap<>();
  private final Map<String, String> left = new HashMap<>();
  private final Set<String> groups = new HashSet<>();

  VfioNodesView(Sysfs sysfs, Devtmpfs dev, VfioPci vfio) {
    this.sysfs = sysfs;
    this.dev = dev;
    this.vfio = vfio;
  }

  /** The path of a device's node. */
  static String path(String name) {
    return "/dev/vfio/devices/" + name;
  }

  /**
   * A function's node may have come or gone. While its driver waits for who has it open, there is
   * none any more.
   *
   * @param place where the function is
   */
  void show(PciFunction function, String place) {
    VfioDevice device = vfio.find(function);
    @Nullable String name = device == null || device.leaving() ? null : device.nodeName();
    String before = shown.get(function.address());
    if (device == null && before == null && !left.containsKey(function.address())) {
      return;
    }
    if (before != null && !before.equals(name)) {
      shown.remove(function.address());
      left.put(function.address(), before);
      sysfs.remove("class/vfio-dev/" + before);
      sysfs.remove(place + "/vfio-dev");
      dev.remove(path(before));
    }
    if (device != null && name != null && !name.equals(before)) {
      shown.put(function.address(), name);
      show(device, name, place);
    }
    if (device == null) {
      String gone = left.remove(function.address());
      if (gone != null) {
        dev.forget(path(gone));
      }
    }
    showGroups();
  }

  private void show(VfioDevice device, String name, String place) {
    String node = place + "/vfio-dev/" + name;
    sysfs.attribute(node + "/dev", DEVICE_MAJOR + ":" + device.index() + "\n");
    sysfs.attribute(node + "/uevent", event(DEVICE_MAJOR, device.index(), "devices/" + name));
    sysfs.link(node + "/device", place);
    sysfs.link("class/vfio-dev/" + name, node);
    sysfs.link(node + "/subsystem", "class/vfio-dev");
    dev.add(path(name), new DeviceNumber(DEVICE_MAJOR, device.index()));
  }

  /** The nodes of groups, which come with their first device and go with their last. */
  private void showGroups() {
    var now = new HashSet<String>();
    for (VfioGroup group : vfio.groups()) {
      String name = group.nodeName();
      now.add(name);
      if (groups.add(name)) {
        show(group, name);
      }
    }
    for (String name : List.copyOf(groups)) {
      if (!now.contains(name)) {
        groups.remove(name);
        sysfs.remove("class/vfio/" + name);
        sysfs.remove("devices/virtual/vfio/" + name);
        dev.remove("/dev/vfio/" + name);
        dev.forget("/dev/vfio/" + name);
      }
    }
  }

  private void show(VfioGroup group, String name) {
    String node = "devices/virtual/vfio/" + name;
    sysfs.attribute(node + "/dev", GROUP_MAJOR + ":" + group.minor() + "\n");
    sysfs.attribute(node + "/uevent", event(GROUP_MAJOR, group.minor(), name));
    sysfs.link(node + "/subsystem", "class/vfio");
    sysfs.link("class/vfio/" + name, node);
    dev.add("/dev/vfio/" + name, new DeviceNumber(GROUP_MAJOR, group.minor()));
  }

  private static String event(int major, int minor, String name) {
    return "MAJOR=" + major + "\nMINOR=" + minor + "\nDEVNAME=vfio/" + name + "\n";
  }
}
