// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.wire;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ProcessFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The reason why a device node cannot be opened; root in a container is never advised to become
 * root.
 */
@EnabledOnOs(OS.LINUX)
class OpenHintTest {

  private static final String IOMMU = "/dev/iommu";
  private static final String CDEV = "/dev/vfio/devices/vfio3";
  private static final String NOIOMMU = "/dev/vfio/devices/noiommu-vfio0";

  @TempDir Path root;

  @Test
  void aContainersRootHearsOfDeviceRules() {
    says(hint(0, "/dev/null", Errno.EPERM), "device rules", "character device 1:3");
    says(hint(1000, "/dev/null", Errno.EPERM), "device rules", "character device 1:3");
  }

  @Test
  void rootOfAUserNamespaceHearsOfIt() throws IOException {
    show("proc/self/mountinfo", "22 1 0:5 / " + root + " rw,nosuid - tmpfs tmpfs rw\n");
    says(hint(0, node().toString(), Errno.EACCES), "user namespace", "CAP_DAC_OVERRIDE");
  }

  @Test
  void aNodeOnAFileSystemWithoutDevicesIsNamedAsSuch() throws IOException {
    show(
        "proc/self/mountinfo",
        "21 1 0:4 / / rw,relatime - ext4 /dev/root rw\n22 1 0:5 / "
            + root
            + " rw,nosuid,nodev - tmpfs tmpfs rw\n");
    says(hint(0, node().toString(), Errno.EACCES), "mounted nodev");
  }

  @Test
  void anotherUserSeesTheNodesOwnerAndMode() throws IOException {
    Path node = node();
    says(
        hint(1000, node.toString(), Errno.EACCES),
        "user 1000",
        Files.getOwner(node).getName(),
        "rw-------");
  }

  @Test
  void nobodyIsSentToBecomeRoot() throws IOException {
    for (int user : new int[] {0, 1000}) {
      for (Errno errno : List.of(Errno.EPERM, Errno.EACCES)) {
        String hint = hint(user, node().toString(), errno);
        assertFalse(hint.contains("run as root"), hint);
      }
    }
  }

  @Test
  void aDeviceWithoutIommuTakesACapability() throws IOException {
    show("proc/self/status", "Name:\tjava\nCapEff:\t000001ffffddffff\n");
    says(hint(0, NOIOMMU, Errno.EPERM), "CAP_SYS_RAWIO");
    show("proc/self/status", "Name:\tjava\nCapEff:\t000001ffffffffff\n");
    says(hint(0, NOIOMMU, Errno.EPERM), "device rules");
  }

  @Test
  void aMissingNodeIsTheContainersOrTheKernels() throws IOException {
    says(hint(0, IOMMU, Errno.ENOENT), "no iommufd", "modprobe iommufd", "CONFIG_IOMMUFD");
    says(hint(0, CDEV, Errno.ENOENT), "bind the device to vfio-pci", "CONFIG_VFIO_DEVICE_CDEV");
    Files.createDirectories(root.resolve("sys/class/misc/iommu"));
    Files.createDirectories(root.resolve("sys/class/vfio-dev/vfio3"));
    says(hint(0, IOMMU, Errno.ENOENT), "the kernel has iommufd", "into this container");
    says(hint(0, CDEV, Errno.ENOENT), "the device is there", "into this container");
  }

  @Test
  void aNodeWithoutADriverIsNoMissingNode() {
    says(hint(0, IOMMU, Errno.ENODEV), "no driver", "modprobe iommufd");
    says(hint(0, CDEV, Errno.ENXIO), "no device stands behind");
  }

  private Path node() throws IOException {
    Path node = root.resolve("node");
    if (Files.notExists(node)) {
      Files.createFile(node);
    }
    return Files.setPosixFilePermissions(node, PosixFilePermissions.fromString("rw-------"));
  }

  private void show(String path, String text) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private String hint(int user, String path, Errno errno) {
    var process = new ProcessFacts(4096, ProcessFacts.UNLIMITED, 0, user);
    return new OpenHint(ShownKernel.of("7.3.4", process, root.resolve("sys")), path).of(errno);
  }

  private static void says(String hint, String... parts) {
    for (String part : parts) {
      assertTrue(hint.contains(part), () -> "'" + hint + "' lacks '" + part + "'");
    }
  }
}
