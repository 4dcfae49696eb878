// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Lays a tree of files and links out as Linux's sysfs does. */
final class SysfsTree {

  private final Path root;

  SysfsTree(Path root) throws IOException {
    this.root = root;
    Files.createDirectories(root.resolve("bus/pci/devices"));
    file("bus/pci/drivers_probe", "");
  }

  /** Two virtio functions, two edu functions in one group, one more edu, and the ICH9 group. */
  static SysfsTree lab(Path root) throws IOException {
    var tree = new SysfsTree(root);
    tree.driver("vfio-pci").driver("virtio-pci").iommu("dmar0");
    tree.device("0000:00:00.0", "0x8086", "0x29c0", "0x060000").in("0000:00:00.0", 0, "dmar0");
    tree.device("0000:00:01.0", "0x1af4", "0x1009", "0x000200").in("0000:00:01.0", 1, "dmar0");
    tree.bound("0000:00:01.0", "virtio-pci");
    tree.device("0000:00:08.0", "0x1234", "0x11e8", "0x00ff00").in("0000:00:08.0", 3, "dmar0");
    tree.device("0000:00:08.1", "0x1234", "0x11e8", "0x00ff00").in("0000:00:08.1", 3, "dmar0");
    tree.device("0000:00:09.0", "0x1234", "0x11e8", "0x00ff00").in("0000:00:09.0", 4, "dmar0");
    tree.file(
        "kernel/iommu_groups/3/reserved_regions",
        """
        0x00000000fee00000 0x00000000feefffff msi
        0xffff000000000000 0xffffffffffffffff reserved
        """);
    return tree;
  }

  Path root() {
    return root;
  }

  SysfsTree file(String name, String text) throws IOException {
    var file = root.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    return this;
  }

  SysfsTree link(String name, String target) throws IOException {
    var link = root.resolve(name);
    Files.createDirectories(link.getParent());
    Files.deleteIfExists(link);
    Files.createSymbolicLink(link, root.getFileSystem().getPath(target));
    return this;
  }

  SysfsTree device(String address, String vendor, String device, String classCode)
      throws IOException {
    String directory = "devices/pci0000:00/" + address;
    file(directory + "/vendor", vendor + "\n");
    file(directory + "/device", device + "\n");
    file(directory + "/class", classCode + "\n");
    file(directory + "/revision", "0x10\n");
    file(directory + "/driver_override", "(null)\n");
    return link("bus/pci/devices/" + address, "../../../" + directory);
  }

  SysfsTree in(String address, int group, String iommu) throws IOException {
    String directory = "devices/pci0000:00/" + address;
    link(directory + "/iommu_group", "../../../kernel/iommu_groups/" + group);
    link(directory + "/iommu", "../../virtual/iommu/" + iommu);
    link("kernel/iommu_groups/" + group + "/devices/" + address, "../../../../" + directory);
    return file("kernel/iommu_groups/" + group + "/type", "DMA\n");
  }

  SysfsTree iommu(String name) throws IOException {
    Files.createDirectories(root.resolve("devices/virtual/iommu").resolve(name));
    return link("class/iommu/" + name, "../../devices/virtual/iommu/" + name);
  }

  SysfsTree driver(String name) throws IOException {
    file("bus/pci/drivers/" + name + "/bind", "");
    return file("bus/pci/drivers/" + name + "/unbind", "");
  }

  SysfsTree bound(String address, String driver) throws IOException {
    return link("devices/pci0000:00/" + address + "/driver", "../../../bus/pci/drivers/" + driver);
  }

  SysfsTree cdev(String address, String cdev) throws IOException {
    String directory = "devices/pci0000:00/" + address + "/vfio-dev/" + cdev;
    link(directory + "/device", "../../../" + address);
    return link("class/vfio-dev/" + cdev, "../../" + directory);
  }
}
