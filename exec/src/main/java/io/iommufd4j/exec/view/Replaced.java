// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.view;

import java.util.List;
import java.util.regex.Pattern;

/**
 * The parts of the host's tree that the simulated machine takes the place of. A program sees
 * nothing of the host's there, nor a link that leads there.
 */
final class Replaced {

  private static final List<String> PLACES =
      List.of(
          "/dev/iommu",
          "/dev/vfio",
          "/proc/bus/pci",
          "/sys/bus/pci",
          "/sys/bus/virtio",
          "/sys/class/iommu",
          "/sys/class/misc/iommu",
          "/sys/class/pci_bus",
          "/sys/class/vfio",
          "/sys/class/vfio-dev",
          "/sys/devices/virtual/iommu",
          "/sys/devices/virtual/misc/iommu",
          "/sys/devices/virtual/vfio",
          "/sys/kernel/debug/fail_iommufd",
          "/sys/kernel/debug/failslab",
          "/sys/kernel/debug/iommu",
          "/sys/kernel/iommu_groups",
          "/sys/module/iommufd",
          "/sys/module/vfio",
          "/sys/module/vfio_iommu_type1",
          "/sys/module/vfio_pci",
          "/sys/module/vfio_pci_core");

  /** Root buses, and those behind a VMD. */
  private static final Pattern ROOT_BUS =
      Pattern.compile("/sys/devices/pci[0-9a-f]{4,}:[0-9a-f]{2}(/.*)?");

  /** Directories of links to devices of all buses. */
  private static final Pattern LINKS =
      Pattern.compile("/sys/(class/[^/]+|block|dev/char|dev/block)");

  /** True for a directory that may have links which are not shown. */
  boolean filters(String path) {
    return path.startsWith("/sys/") && LINKS.matcher(path).matches();
  }

  /** True for a path of the host, without links, that is not shown. */
  boolean hides(String path) {
    for (String place : PLACES) {
      if (Place.within(path, place)) {
        return true;
      }
    }
    return path.startsWith("/sys/devices/pci") && ROOT_BUS.matcher(path).matches();
  }

  /**
   * True for a link of the host's sysfs that leads to what is not shown.
   *
   * @param path the link's
   * @param target where it leads
   */
  boolean hides(String path, String target) {
    if (!path.startsWith("/sys/") || target.startsWith("/")) {
      return false;
    }
    String end = Place.parent(path);
    for (String name : target.split("/", -1)) {
      end =
          switch (name) {
            case "", "." -> end;
            case ".." -> Place.parent(end);
            default -> Place.child(end, name);
          };
    }
    return hides(end);
  }
}
