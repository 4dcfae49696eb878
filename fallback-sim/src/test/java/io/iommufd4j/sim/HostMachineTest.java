// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.Iommufd;
import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.vfio.VfioDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A host with a VFIO variant driver, an RMRR, bridges and a VMD. */
class HostMachineTest {

  private static final String DEVICES = "/sys/bus/pci/devices/";
  private static final String DRIVERS = "/sys/bus/pci/drivers/";
  private static final String VIRTIO = "0000:02:00.0";
  private static final String RESERVED = "0000:00:09.0";
  private static final String VMD = "0000:00:10.0";
  private static final String PORT = "10000:e0:06.0";
  private static final String DISK = "10000:e1:00.0";

  private final SimKernel kernel = SimKernel.on(Machine.named("host:vtd"));
  private final Shell shell = new Shell(kernel);

  @AfterEach
  void close() {
    kernel.close();
  }

  @Test
  void aVariantDriverTakesOnlyWhatNamesIt() {
    String driver = DRIVERS + "virtio_vfio_pci";
    assertEquals("virtio-pci", shell.driver(VIRTIO));
    assertTrue(shell.exists(DEVICES + VIRTIO + "/virtio0"));
    assertEquals("ok", shell.write(DRIVERS + "virtio-pci/unbind", VIRTIO));
    assertFalse(shell.exists(DEVICES + VIRTIO + "/virtio0"));
    assertEquals("ENODEV", shell.write(driver + "/bind", VIRTIO));
    assertEquals("ok", shell.write(DEVICES + VIRTIO + "/driver_override", "virtio_vfio_pci"));
    assertEquals("ok", shell.write("/sys/bus/pci/drivers_probe", VIRTIO));
    assertEquals("virtio_vfio_pci", shell.driver(VIRTIO));
    assertEquals("251:0\n", shell.read(DEVICES + VIRTIO + "/vfio-dev/vfio0/dev"));
    assertEquals(
        "EBUSY", shell.write(DRIVERS + "vfio-pci/bind", VIRTIO).replace("ENODEV", "EBUSY"));
    try (var iommufd = Iommufd.open(kernel);
        var device = VfioDevice.open(kernel, PciAddress.parse(VIRTIO))) {
      device.bind(iommufd);
      device.attach(iommufd.newIoas());
      assertTrue(device.attached().isPresent());
    }
    assertEquals("ok", shell.write(driver + "/unbind", VIRTIO));
    assertFalse(shell.exists("/sys/class/vfio-dev/vfio0"));
  }

  @Test
  void nodesOfBothVfioDriversAreNumberedTogether() {
    shell.bind(VIRTIO, "virtio_vfio_pci");
    shell.bind("0000:00:08.0", "vfio-pci");
    assertEquals(List.of("vfio0", "vfio1"), shell.list("/sys/class/vfio-dev"));
    assertEquals(List.of("vfio1"), shell.list(DEVICES + "0000:00:08.0/vfio-dev"));
  }

  @Test
  void whatMustBeMappedOneToOneIsNotForUsers() {
    assertEquals(
        """
        0x0000000070000000 0x000000007000ffff direct
        0x00000000fee00000 0x00000000feefffff msi
        """,
        shell.read(DEVICES + RESERVED + "/iommu_group/reserved_regions"));
    shell.bind(RESERVED, "vfio-pci");
    try (var iommufd = Iommufd.open(kernel);
        var device = VfioDevice.open(kernel, PciAddress.parse(RESERVED))) {
      var refused = assertThrows(KernelException.class, () -> device.bind(iommufd));
      assertEquals(Errno.EINVAL, refused.errno());
    }
    try (var iommufd = Iommufd.open(kernel)) {
      shell.bind("0000:00:0a.0", "vfio-pci");
      try (var other = VfioDevice.open(kernel, PciAddress.parse("0000:00:0a.0"))) {
        other.bind(iommufd);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"amd", "virtio", "smmuv3"})
  void onlyVtdKnowsOfThat(String iommu) {
    try (var other = SimKernel.on(Machine.named("host:" + iommu));
        var iommufd = Iommufd.open(other)) {
      other.control().limitMemlock(-1);
      var otherShell = new Shell(other);
      otherShell.write("/sys/module/iommufd/parameters/allow_unsafe_interrupts", "Y");
      otherShell.bind(RESERVED, "vfio-pci");
      try (var device = VfioDevice.open(other, PciAddress.parse(RESERVED))) {
        device.bind(iommufd);
      }
    }
  }

  @Test
  void aBridgeSaysSoAndIsNotForVfio() throws IOException {
    String port = "0000:00:0b.0";
    byte[] config = Files.readAllBytes(shell.path(DEVICES + port + "/config"));
    assertEquals(1, config[0x0e]);
    assertArrayEquals(new byte[] {0, 1, 1}, Arrays.copyOfRange(config, 0x18, 0x1b));
    assertEquals("0x060400\n", shell.read(DEVICES + port + "/class"));
    assertEquals("pcieport", shell.driver(port));
    assertEquals("ok", shell.write(DEVICES + port + "/driver_override", "vfio-pci"));
    assertEquals("ok", shell.write(DRIVERS + "pcieport/unbind", port));
    assertEquals("EINVAL", shell.write(DRIVERS + "vfio-pci/bind", port));
    assertEquals("ok", shell.write(DEVICES + port + "/driver_override", "virtio_vfio_pci"));
    assertEquals("EINVAL", shell.write(DRIVERS + "virtio_vfio_pci/bind", port));
  }

  @Test
  void aVmdHasADomainOfItsOwnInItsGroup() {
    assertEquals("vmd", shell.driver(VMD));
    assertEquals("0x010400\n", shell.read(DEVICES + VMD + "/class"));
    String bus = "/sys/devices/pci0000:00/" + VMD + "/pci10000:e0/";
    assertEquals(bus + PORT, shell.real(DEVICES + PORT));
    assertEquals(bus + PORT + "/" + DISK, shell.real(DEVICES + DISK));
    assertEquals(bus + "pci_bus/10000:e0", shell.real(DEVICES + VMD + "/domain"));
    assertEquals("nvme", shell.driver(DISK));
    assertEquals("259:1\n", shell.read("/sys/class/block/nvme1n1/dev"));
    assertEquals(List.of(VMD, PORT, DISK), shell.list(DEVICES + DISK + "/iommu_group/devices"));
    assertEquals(shell.real(DEVICES + VMD + "/iommu"), shell.real(DEVICES + DISK + "/iommu"));
  }

  @Test
  void theDomainGoesWithTheDriverAndComesBack() {
    assertEquals("ok", shell.write(DRIVERS + "vmd/unbind", VMD));
    assertFalse(shell.exists(DEVICES + DISK));
    assertFalse(shell.exists(DEVICES + PORT));
    assertFalse(shell.exists(DEVICES + VMD + "/pci10000:e0"));
    assertFalse(shell.exists("/sys/class/block/nvme1n1"));
    assertEquals(List.of(VMD), shell.list(DEVICES + VMD + "/iommu_group/devices"));
    shell.bind(VMD, "vfio-pci");
    assertEquals("ok", shell.write(DRIVERS + "vfio-pci/unbind", VMD));
    assertEquals("ok", shell.write(DEVICES + VMD + "/driver_override", "\n"));
    assertEquals("ok", shell.write("/sys/bus/pci/drivers_probe", VMD));
    assertEquals("nvme", shell.driver(DISK));
    assertEquals("pcieport", shell.driver(PORT));
    assertEquals(List.of(VMD, PORT, DISK), shell.list(DEVICES + DISK + "/iommu_group/devices"));
  }

  @Test
  void unbindingAVmdWaitsForTheUserOfItsDisk() throws Exception {
    shell.bind(DISK, "vfio-pci");
    int fd = kernel.open("/dev/vfio/devices/vfio0", libc_h.O_RDWR());
    try (var iommufd = Iommufd.open(kernel);
        var device = VfioDevice.open(kernel, PciAddress.parse(DISK))) {
      var refused = assertThrows(KernelException.class, () -> device.bind(iommufd));
      assertEquals(Errno.EPERM, refused.errno(), "the VMD's driver has the group");
    }
    CompletableFuture<String> unbind = shell.begin(DRIVERS + "vmd/unbind", VMD);
    while (shell.exists("/sys/class/vfio-dev/vfio0")) {
      Thread.onSpinWait();
    }
    assertTrue(shell.exists(DEVICES + DISK));
    assertFalse(unbind.isDone());
    assertEquals(0, kernel.close(fd));
    assertEquals("ok", unbind.get());
    assertFalse(shell.exists(DEVICES + DISK));
  }
}
