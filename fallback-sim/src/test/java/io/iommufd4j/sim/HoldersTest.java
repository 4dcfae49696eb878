// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.Iommufd;
import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.vfio.VfioDevice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Another process that holds a device: {@code /proc} shows it, and an unbind waits for it. */
class HoldersTest {

  private static final String EDU = "0000:00:0a.0";
  private static final String AT = "/sys/devices/pci0000:00/" + EDU;
  private static final String CDEV = "/dev/vfio/devices/vfio0";
  private static final String UNBIND = "/sys/bus/pci/drivers/vfio-pci/unbind";
  private static final int READ_WRITE = libc_h.O_RDWR() | libc_h.O_CLOEXEC();
  private static final int BAR_BYTES = 1 << 20;

  private final SimKernel kernel = SimKernel.on(Machine.named("many:vtd"));
  private final Shell shell = new Shell(kernel);
  private final HostProcess qemu =
      kernel.control().start("/usr/bin/qemu-system-x86_64", "-nodefaults");
  private final String proc = "/proc/" + qemu.pid() + "/";

  @BeforeEach
  void bind() {
    shell.bind(EDU, "vfio-pci");
  }

  @AfterEach
  void close() {
    kernel.close();
  }

  private Object deviceNumber(String path) throws IOException {
    return Files.getAttribute(shell.path(path), "unix:rdev");
  }

  private CompletableFuture<String> unbind() {
    CompletableFuture<String> unbind = shell.begin(UNBIND, EDU);
    while (shell.exists(CDEV)) {
      Thread.onSpinWait();
    }
    assertFalse(unbind.isDone());
    return unbind;
  }

  @Test
  void aProcessHasAName() {
    assertEquals("qemu-system-x86\n", shell.read(proc + "comm"));
    assertEquals("/usr/bin/qemu-system-x86_64\0-nodefaults\0", shell.read(proc + "cmdline"));
    assertEquals(List.of(), shell.list(proc + "fd"));
    assertEquals("", shell.read(proc + "maps"));
    assertEquals("java\n", shell.read("/proc/self/comm"));
    qemu.close();
    assertFalse(shell.exists(proc));
  }

  @Test
  void aNodeIsKnownByItsNumber() throws IOException {
    int fd = qemu.open(CDEV, READ_WRITE);
    assertEquals(3, fd, "its descriptors are its own");
    assertEquals(3, kernel.open("/dev/iommu", READ_WRITE));
    assertEquals(CDEV, shell.link(proc + "fd/3"));
    assertEquals(251L << 8, deviceNumber(proc + "fd/3"));
    assertEquals("251:0\n", shell.read("/sys/class/vfio-dev/vfio0/dev"));
    assertEquals(0L, deviceNumber("/sys/class/vfio-dev/vfio0/dev"));
    assertEquals(
        """
        pos:\t0
        flags:\t02000002
        mnt_id:\t6
        ino:\t1
        vfio-device-syspath: %s
        """
            .formatted(AT),
        shell.read(proc + "fdinfo/3"));
    assertEquals(Errno.EBADF.negated(), kernel.close(fd + 1));
    int second = qemu.dup(fd);
    assertEquals(List.of("3", "4"), shell.list(proc + "fd"));
    assertEquals(0, qemu.close(fd));
    assertEquals(List.of(Integer.toString(second)), shell.list(proc + "fd"));
    assertEquals(List.of("3"), shell.list("/proc/self/fd"));
    assertEquals("/dev/iommu", shell.link("/proc/self/fd/3"));
  }

  @Test
  void aNodeOfAnotherNameHasTheSameNumber() throws IOException {
    kernel.control().mknod("/dev/container/vfio", 251, 0);
    kernel.control().mknod("/dev/container/nothing", 251, 7);
    int fd = qemu.open("/dev/container/vfio", READ_WRITE);
    assertTrue(fd >= 0);
    assertEquals("/dev/container/vfio", shell.link(proc + "fd/" + fd));
    assertEquals(deviceNumber(CDEV), deviceNumber(proc + "fd/" + fd));
    assertEquals(Errno.ENXIO.negated(), qemu.open("/dev/container/nothing", READ_WRITE));
    CompletableFuture<String> unbind = unbind();
    assertEquals("/dev/container/vfio", shell.link(proc + "fd/" + fd));
    assertEquals(Errno.ENXIO.negated(), kernel.open("/dev/container/vfio", READ_WRITE));
    qemu.close();
    assertEquals("ok", unbind.join());
  }

  @Test
  void unbindingWaitsForAnotherProcessToExit() throws IOException {
    int fd = qemu.open(CDEV, READ_WRITE);
    CompletableFuture<String> unbind = unbind();
    assertEquals(CDEV + " (deleted)", shell.link(proc + "fd/" + fd));
    assertEquals(251L << 8, deviceNumber(proc + "fd/" + fd));
    assertEquals("", shell.driver(EDU));
    assertFalse(shell.exists("/sys/class/vfio-dev/vfio0"));
    assertTrue(shell.exists("/dev/vfio/3"), "the group stays until its last device is gone");
    assertEquals(Errno.ENOENT.negated(), kernel.open(CDEV, READ_WRITE));
    qemu.close();
    assertEquals("ok", unbind.join());
    assertFalse(shell.exists("/dev/vfio/3"));
    assertEquals(List.of(), shell.list("/dev/vfio/devices"));
  }

  @Test
  void aMappedBarHoldsWithoutADescriptor() throws IOException {
    long address;
    try (var iommufd = Iommufd.open(qemu);
        var device = VfioDevice.open(qemu, PciAddress.parse(EDU))) {
      device.bind(iommufd);
      int access = libc_h.PROT_READ() | libc_h.PROT_WRITE();
      address = qemu.mmap(BAR_BYTES, access, libc_h.MAP_SHARED(), device.fd(), 0);
      assertTrue(address > 0);
    }
    assertEquals(List.of(), shell.list(proc + "fd"));
    String range = "%x-%x".formatted(address, address + BAR_BYTES);
    String line = range + " rw-s 00000000 00:06 1 ";
    assertEquals(line + " ".repeat(73 - line.length()) + CDEV + "\n", shell.read(proc + "maps"));
    assertEquals(CDEV, shell.link(proc + "map_files/" + range));
    assertEquals(251L << 8, deviceNumber(proc + "map_files/" + range));
    CompletableFuture<String> unbind = unbind();
    assertTrue(shell.read(proc + "maps").endsWith(CDEV + " (deleted)\n"));
    assertEquals(0, qemu.munmap(address, BAR_BYTES));
    assertEquals("ok", unbind.join());
    assertEquals("", shell.read(proc + "maps"));
  }

  @Test
  void unmappingAPartLeavesTheRest() {
    try (var iommufd = Iommufd.open(qemu);
        var device = VfioDevice.open(qemu, PciAddress.parse(EDU))) {
      device.bind(iommufd);
      int fd = device.fd();
      long address = qemu.mmap(3 * 4096, libc_h.PROT_READ(), libc_h.MAP_SHARED(), fd, 0);
      assertEquals(0, qemu.munmap(address + 4096, 4096));
      List<String> maps = shell.read(proc + "maps").lines().toList();
      assertEquals(2, maps.size());
      assertTrue(maps.getFirst().startsWith("%x-%x r--s".formatted(address, address + 4096)));
      assertTrue(maps.getLast().contains("00002000"));
      assertEquals(0, qemu.munmap(address, 3 * 4096));
      assertEquals("", shell.read(proc + "maps"));
    }
  }

  @Test
  void exitUnmapsAndCloses() {
    VfioDevice.open(qemu, PciAddress.parse(EDU)).bind(Iommufd.open(qemu));
    int fd = Integer.parseInt(shell.list(proc + "fd").getFirst());
    assertTrue(qemu.mmap(4096, libc_h.PROT_READ(), libc_h.MAP_SHARED(), fd, 0) > 0);
    assertTrue(qemu.memfd("own", 0) >= 0);
    CompletableFuture<String> unbind = unbind();
    qemu.close();
    assertEquals("ok", unbind.join());
    assertEquals(Census.NOTHING, kernel.control().census());
  }

  @Test
  void aGroupIsHeldByItsNodeAndByWhatItGave() throws IOException {
    int container = qemu.open("/dev/vfio/vfio", READ_WRITE);
    int group = qemu.open("/dev/vfio/3", READ_WRITE);
    assertEquals(
        List.of(Integer.toString(container), Integer.toString(group)), shell.list(proc + "fd"));
    assertEquals("/dev/vfio/3", shell.link(proc + "fd/" + group));
    assertEquals(252L << 8, deviceNumber(proc + "fd/" + group));
    int device;
    try (var arena = Arena.ofConfined()) {
      MemorySegment fd = arena.allocateFrom(ValueLayout.JAVA_INT, container);
      assertEquals(0, qemu.ioctl(group, vfio_h.VFIO_GROUP_SET_CONTAINER(), fd));
      var type = MemorySegment.ofAddress(vfio_h.VFIO_TYPE1v2_IOMMU());
      assertEquals(0, qemu.ioctl(container, vfio_h.VFIO_SET_IOMMU(), type));
      device = qemu.ioctl(group, vfio_h.VFIO_GROUP_GET_DEVICE_FD(), arena.allocateFrom(EDU));
    }
    assertTrue(device >= 0);
    assertEquals("anon_inode:[vfio-device]", shell.link(proc + "fd/" + device));
    assertTrue(shell.read(proc + "fdinfo/" + device).endsWith("vfio-device-syspath: " + AT + "\n"));
    CompletableFuture<String> unbind = unbind();
    assertEquals("anon_inode:[vfio-device]", shell.link(proc + "fd/" + device));
    assertEquals(0, qemu.close(device));
    assertEquals("ok", unbind.join());
    qemu.close();
  }

  @Test
  void aForkedProcessSharesWhatItsParentHas() {
    int fd = kernel.open(CDEV, READ_WRITE);
    try (var child = kernel.control().fork()) {
      assertEquals(CDEV, shell.link("/proc/" + child.pid() + "/fd/" + fd));
    }
    assertEquals(0, kernel.close(fd));
  }

  @Test
  void oneWaitsAndNobodyElse() {
    int fd = qemu.open(CDEV, READ_WRITE);
    CompletableFuture<String> unbind = unbind();
    shell.bind("0000:00:09.0", "vfio-pci");
    assertEquals("ok", shell.write(UNBIND, "0000:00:09.0"));
    assertEquals("ok", shell.write("/sys/bus/pci/devices/" + EDU + "/driver_override", "\n"));
    assertEquals("ok", shell.write("/sys/bus/pci/drivers_probe", EDU));
    assertEquals("ENODEV", shell.write("/sys/bus/pci/drivers/vfio-pci/bind", EDU));
    assertEquals("ENODEV", shell.write("/sys/bus/pci/drivers/ahci/unbind", EDU));
    CompletableFuture<String> second = shell.begin(UNBIND, EDU);
    assertFalse(unbind.isDone());
    assertEquals(0, qemu.close(fd));
    assertEquals("ok", unbind.join());
    assertEquals("ENODEV", second.join());
  }

  @Test
  void whatIsMountedIsTold() {
    try (var host = SimKernel.on(Machine.named("host"))) {
      host.control().mount("nvme0n1", "/srv");
      assertEquals(
          "2 1 259:0 / /srv rw shared:2 - ext4 /dev/nvme0n1 rw",
          new Shell(host).read("/proc/self/mountinfo").lines().toList().getLast());
    }
  }
}
