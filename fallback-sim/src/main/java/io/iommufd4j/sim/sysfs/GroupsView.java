// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.sysfs;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.driver.ModelDriver;
import io.iommufd4j.sim.fs.Sysfs;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.iommu.hardware.ReservedRegion;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.pci.PciFunction;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/** {@code /sys/kernel/iommu_groups}. */
final class GroupsView {

  private final Sysfs sysfs;
  private final DeviceTree tree;
  private final Set<IommuGroup> shown = ConcurrentHashMap.newKeySet();
  // Groups that VFIO made, by the address of their function. Guarded by its owner.
  private final Map<String, String> ownGroups = new HashMap<>();

  GroupsView(Sysfs sysfs, DeviceTree tree) {
    this.sysfs = sysfs;
    this.tree = tree;
  }

  /** A group's directory, below the root. */
  static String directory(IommuGroup group) {
    return "kernel/iommu_groups/" + group.id();
  }

  /** A group has come, or a function has come into it. */
  void show(IommuGroup group, ModelDriver driver) {
    String place = directory(group);
    for (IommuDevice device : group.devices()) {
      sysfs.link(place + "/devices/" + device.name(), tree.place(device.name()));
    }
    if (shown.add(group)) {
      sysfs.directory(place, () -> fill(group, place, driver));
    }
  }

  private void fill(IommuGroup group, String place, ModelDriver driver) {
    var type = new DefaultDomainType(group, driver);
    sysfs.attribute(place + "/type", () -> type.label() + "\n", type::change);
    sysfs.attribute(place + "/reserved_regions", () -> reserved(group));
  }

  /** A function is gone, and its group with it when nothing else is in that. */
  void remove(PciFunction function) {
    IommuGroup group = function.device().group();
    sysfs.remove(directory(group) + "/devices/" + function.address());
    if (group.devices().size() == 1) {
      sysfs.remove(directory(group));
      shown.remove(group);
    }
  }

  private static String reserved(IommuGroup group) {
    var order =
        Comparator.comparing(ReservedRegion::start, Long::compareUnsigned)
            .thenComparing(ReservedRegion::last, Long::compareUnsigned)
            .thenComparing(ReservedRegion::type);
    var regions = new TreeSet<>(order);
    group.devices().forEach(device -> regions.addAll(device.driver().reservedRegions(device)));
    return regions.stream()
        .map(r -> String.format("0x%016x 0x%016x %s\n", r.start(), r.last(), r.type().label()))
        .collect(Collectors.joining());
  }

  /** The group that VFIO makes for a function without an IOMMU, for as long as it has that. */
  void showOwn(PciFunction function) {
    String place = tree.place(function);
    String before = ownGroups.remove(function.address());
    if (before != null) {
      sysfs.remove(place + "/iommu_group");
      sysfs.remove(before);
    }
    if (function.device().grouped()) {
      IommuGroup group = function.device().group();
      String shown = directory(group);
      sysfs.link(shown + "/devices/" + function.address(), place);
      sysfs.attribute(shown + "/name", group.name() + "\n");
      sysfs.attribute(
          shown + "/type",
          () -> "unknown\n",
          _ -> {
            // There is no default domain that could be another.
            throw Refused.with(Errno.EINVAL);
          });
      sysfs.attribute(shown + "/reserved_regions", "");
      sysfs.link(place + "/iommu_group", shown);
      ownGroups.put(function.address(), shown);
    }
  }
}
