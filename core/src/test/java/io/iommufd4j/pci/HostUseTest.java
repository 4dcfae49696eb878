// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Losses with a device, on trees laid out as Linux lays them out. */
class HostUseTest {

  private static final PciAddress DEVICE = PciAddress.parse("0000:00:1f.2");
  private static final String TOP = "devices/pci0000:00/0000:00:1f.2/";

  private SysfsTree tree;

  @BeforeEach
  void lay() throws IOException {
    lay(Jimfs.newFileSystem(Configuration.unix()).getPath("/machine/sys"));
  }

  private void lay(Path root) throws IOException {
    tree = new SysfsTree(root);
    tree.device(DEVICE.toString(), "0x8086", "0x2922", "0x010601");
  }

  private HostUse use() {
    return HostUse.of(Host.of(tree.root()), DEVICE);
  }

  /** A block device at a path below {@code /sys}, as {@code class/block} links to it. */
  private void block(String path, String number) throws IOException {
    String name = path.substring(path.lastIndexOf('/') + 1);
    tree.file(path + "/dev", number + "\n");
    tree.link(path + "/subsystem", "/machine/sys/class/block");
    tree.link("class/block/" + name, "../../" + path);
  }

  private void partition(String path, String number) throws IOException {
    block(path, number);
    tree.file(path + "/partition", "1\n");
  }

  private void holder(String path, String name) throws IOException {
    tree.link(path + "/holders/" + name, "/machine/sys/class/block/" + name);
  }

  private void mounts(String text) throws IOException {
    tree.file("../proc/self/mountinfo", text);
  }

  @Test
  void aDeviceWithNothingBelowLosesNothing() {
    assertEquals(HostUse.NONE, use());
    assertEquals(List.of(), use().losses());
  }

  @Test
  void networkInterfacesAreFoundAtAnyDepth() throws IOException {
    tree.file(TOP + "net/eth0/operstate", "up\n");
    tree.file(TOP + "net/eth0/flags", "0x1003\n");
    tree.link(TOP + "net/eth0/master", "../../../../virtual/net/br0");
    tree.file(TOP + "usb1/1-1/1-1:1.0/net/usb0/operstate", "down\n");
    tree.file(TOP + "usb1/1-1/1-1:1.0/net/usb0/flags", "0x1002\n");
    assertEquals(
        List.of(
            new HostUse.Interface("eth0", "up", true, Optional.of("br0")),
            new HostUse.Interface("usb0", "down", false, Optional.empty())),
        use().interfaces());
    assertEquals(
        List.of(
            "network interface eth0 (up, in br0) goes away",
            "network interface usb0 (down) goes away"),
        use().losses());
    assertEquals(
        List.of(
            "eth0 is switched on and belongs to br0 (link up)", "usb0 is switched off (link down)"),
        use().interfaces().stream().map(HostUse.Interface::use).toList());
  }

  @Test
  void aDiskIsNamedWithItsMountsAndSwap() throws IOException {
    String disk = TOP + "ata1/host0/target0:0:0/0:0:0:0/block/sda";
    block(disk, "8:0");
    partition(disk + "/sda1", "8:1");
    partition(disk + "/sda2", "8:2");
    mounts(
        """
        22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
        23 22 0:21 / /proc rw - proc proc rw
        24 22 8:1 /srv /srv/a\\040b rw,relatime shared:1 master:2 - ext4 /dev/root rw
        25 22 8:17 / /other rw - ext4 /dev/sdb1 rw
        """);
    tree.file(
        "../proc/swaps",
        """
        Filename        Type            Size    Used    Priority
        /dev/sda2                               partition\t1048572\t0\t-2
        /swapfile       file            4       0       -3
        """);
    assertEquals(
        List.of(new HostUse.Disk("sda", 1, List.of(), List.of("/", "/srv/a b"), List.of("sda2"))),
        use().disks());
    assertEquals(
        List.of("disk sda goes away with what is mounted at /, /srv/a b, and swap on sda2"),
        use().losses());
  }

  @Test
  void whatIsBuiltOfADiskIsFollowedUpwards() throws IOException {
    String disk = TOP + "virtio1/block/vda";
    block(disk, "254:0");
    partition(disk + "/vda3", "254:3");
    block("devices/virtual/block/dm-0", "253:0");
    block("devices/virtual/block/dm-1", "253:1");
    tree.file("devices/virtual/block/dm-0/dm/name", "luks\n");
    tree.file("devices/virtual/block/dm-1/dm/name", "vg-root\n");
    holder(disk + "/vda3", "dm-0");
    holder("devices/virtual/block/dm-0", "dm-1");
    mounts("22 1 0:30 / / rw - xfs /dev/mapper/vg-root rw\n");
    var found = use().disks().getFirst();
    assertEquals(List.of("dm-0 (luks)", "dm-1 (vg-root)"), found.holders());
    assertEquals(List.of("/"), found.mounts());
    assertEquals(
        "disk vda goes away with what is mounted at /, and what is built of it: dm-0 (luks),"
            + " dm-1 (vg-root)",
        use().losses().getFirst());
  }

  @Test
  void devicesThatHoldEachOtherEndTheSearch() throws IOException {
    block(TOP + "nvme/nvme0/nvme0n1", "259:0");
    block("devices/virtual/block/md0", "9:0");
    holder(TOP + "nvme/nvme0/nvme0n1", "md0");
    holder("devices/virtual/block/md0", "md0");
    assertEquals(List.of("md0"), use().disks().getFirst().holders());
  }

  @Test
  void btrfsIsMountedUnderTheNameOfAnyOfItsDevices() throws IOException {
    block(TOP + "nvme/nvme0/nvme0n1", "259:0");
    tree.link("fs/btrfs/3f0c/devices/nvme0n1", "../../../../" + TOP + "nvme/nvme0/nvme0n1");
    tree.link("fs/btrfs/3f0c/devices/sdz", "../../../../devices/sdz");
    mounts("22 1 0:30 /@home /home rw - btrfs /dev/sdz rw\n");
    assertEquals(List.of("/home"), use().disks().getFirst().mounts());
  }

  /**
   * On the host's own files: below one that is no directory they answer as nothing in memory does.
   */
  @Test
  void aNamespaceOfSeveralControllersIsOnePath(@TempDir Path host) throws IOException {
    lay(host.resolve("sys"));
    tree.file(TOP + "nvme/nvme3/state", "live\n");
    block(TOP + "nvme/nvme3/nvme0c3n1", "0:0");
    tree.file(TOP + "nvme/nvme3/nvme0c3n1/hidden", "1\n");
    String subsystem = "devices/virtual/nvme-subsystem/nvme-subsys0";
    block(subsystem + "/nvme0n1", "259:0");
    tree.file(subsystem + "/firmware_rev", "1.0\n");
    tree.link(subsystem + "/nvme3", "../../../../" + TOP + "nvme/nvme3");
    tree.link(subsystem + "/nvme4", "../../../../devices/elsewhere/nvme4");
    tree.link("class/nvme-subsystem/nvme-subsys0", "../../" + subsystem);
    assertEquals(
        List.of("one of 2 paths to disk nvme0n1 goes away; nothing of it is mounted"),
        use().losses());
  }

  @Test
  void aDeviceBehindABridgeIsNotTheBridges() throws IOException {
    tree.file(TOP + "0000:05:00.0/net/eth9/operstate", "up\n");
    assertEquals(List.of(), use().interfaces());
  }

  @Test
  void aTreeThatIsTooLargeIsSaidToBe() throws IOException {
    for (int i = 0; i < 100_001; i++) {
      tree.file(TOP + "attributes/a" + i, "");
    }
    assertFalse(use().complete());
    assertTrue(use().losses().getLast().contains("too much below the device"));
  }
}
