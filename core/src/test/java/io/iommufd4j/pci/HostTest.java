// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import io.iommufd4j.error.HostException;
import io.iommufd4j.kernel.Errno;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostTest {

  private static final PciAddress EDU = PciAddress.parse("0000:00:08.0");
  private static final PciAddress SIBLING = PciAddress.parse("0000:00:08.1");

  private final FileSystem files = Jimfs.newFileSystem(Configuration.unix());
  private final Host host = Host.of(files.getPath("/sys"));
  private SysfsTree tree;

  @BeforeEach
  void lay() throws IOException {
    tree = SysfsTree.lab(files.getPath("/sys"));
  }

  @AfterEach
  void close() throws IOException {
    files.close();
  }

  @Test
  void aDeviceIsToldInFull() throws IOException {
    tree.bound("0000:00:08.0", "vfio-pci").cdev("0000:00:08.0", "vfio0");
    tree.file("devices/pci0000:00/0000:00:08.0/driver_override", "vfio-pci\n");
    assertEquals(
        new PciDevice(
            EDU,
            0x1234,
            0x11e8,
            0x00ff00,
            0x10,
            Optional.of("vfio-pci"),
            Optional.of("vfio-pci"),
            OptionalInt.of(3),
            Optional.of(new IommuInstance("dmar0")),
            Optional.of("vfio0"),
            Optional.empty()),
        host.device(EDU));
    assertEquals(Optional.of("/dev/vfio/devices/vfio0"), host.device(EDU).cdevPath());
    assertEquals("1234:11e8", host.device(EDU).ids());
  }

  @Test
  void whatIsNotThereIsAbsent() throws IOException {
    tree.device("0000:00:0b.0", "0x1234", "0x11e8", "0x00ff00");
    var lone = host.device(PciAddress.parse("00:0b.0"));
    assertEquals(Optional.empty(), lone.driver());
    assertEquals(Optional.empty(), lone.driverOverride());
    assertEquals(OptionalInt.empty(), lone.group());
    assertEquals(Optional.empty(), lone.iommu());
    assertEquals(Optional.empty(), lone.cdevPath());
    assertEquals(Optional.empty(), host.groupOf(lone));
    assertEquals(List.of(), host.siblings(lone));
  }

  @Test
  void devicesComeInTheOrderOfTheBus() {
    assertEquals(
        List.of("0000:00:00.0", "0000:00:01.0", "0000:00:08.0", "0000:00:08.1", "0000:00:09.0"),
        host.devices().stream().map(device -> device.address().toString()).toList());
  }

  @Test
  void groupsTellTypeMembersAndReservedIovas() {
    assertEquals(List.of(0, 1, 3, 4), host.groups().stream().map(IommuGroup::number).toList());
    assertEquals(
        new IommuGroup(
            3,
            Optional.empty(),
            "DMA",
            List.of(EDU, SIBLING),
            List.of(),
            List.of(
                new ReservedRegion(0xfee00000L, 0xfeefffffL, "msi"),
                new ReservedRegion(0xffff000000000000L, -1, "reserved")),
            false),
        host.group(3).orElseThrow());
    assertEquals(Optional.empty(), host.group(2));
  }

  @Test
  void aMediatedDeviceIsFoundByItsName() throws IOException {
    String uuid = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";
    String directory = "devices/virtual/mtty/mtty/" + uuid;
    tree.link(directory + "/driver", "../../../../../bus/mdev/drivers/mtty");
    tree.link(directory + "/mdev_type", "../mdev_supported_types/mtty-1");
    tree.link(directory + "/iommu_group", "../../../../../kernel/iommu_groups/7");
    tree.file(directory + "/vfio-dev/vfio0/dev", "246:0\n");
    tree.link("bus/mdev/devices/" + uuid, "../../../" + directory);
    tree.file("kernel/iommu_groups/7/name", "vfio-noiommu\n");
    tree.link("kernel/iommu_groups/7/devices/" + uuid, "../../../../" + directory);
    tree.file("class/vfio/7/dev", "245:7\n");
    var device =
        new MediatedDevice(uuid, "mtty", "mtty-1", OptionalInt.of(7), Optional.of("vfio0"));
    assertEquals(List.of(device), host.mediatedDevices());
    assertEquals(Optional.of(device), host.mediatedDevice("83B8F4F2-509F-382F-3C1E-E6BFE0FA1001"));
    assertTrue(host.group(7).orElseThrow().emulated());
    assertFalse(host.group(7).orElseThrow().translates());
    assertFalse(host.group(3).orElseThrow().emulated());
    assertEquals("/dev/vfio/devices/vfio0", device.cdevPath().orElseThrow());
    var refused = assertThrows(HostException.class, () -> host.locate(uuid));
    assertTrue(refused.hint().contains("mediated device of mtty"), refused.hint());
  }

  @Test
  void aGroupOfVfiosTranslatesNothing() throws IOException {
    assertTrue(host.group(3).orElseThrow().translates());
    assertFalse(host.device(EDU).heldWithoutIommu());
    tree.file("kernel/iommu_groups/3/name", "vfio-noiommu\n").cdev("0000:00:08.0", "noiommu-vfio0");
    assertEquals(Optional.of("vfio-noiommu"), host.group(3).orElseThrow().name());
    assertFalse(host.group(3).orElseThrow().translates());
    assertTrue(host.device(EDU).heldWithoutIommu());
    assertEquals(EDU, host.locate("/dev/vfio/devices/noiommu-vfio0").address());
  }

  @Test
  void aMemberThatIsNoPciFunctionIsKeptByName() throws IOException {
    tree.link(
        "kernel/iommu_groups/3/devices/arm-smmu-v3-test", "../../../../devices/platform/test");
    var group = host.group(3).orElseThrow();
    assertEquals(List.of(EDU, SIBLING), group.members());
    assertEquals(List.of("arm-smmu-v3-test"), group.others());
  }

  @Test
  void aMalformedReservedRegionIsAnErrorAndNotAGuess() throws IOException {
    tree.file("kernel/iommu_groups/3/reserved_regions", "0x0000000000001000 0x1fff\n");
    assertEquals(Errno.EINVAL, assertThrows(HostException.class, () -> host.group(3)).errno());
  }

  @Test
  void siblingsAreNamedAndThoseInTheWayToo() throws IOException {
    var edu = host.device(EDU);
    assertEquals(List.of(SIBLING), host.siblings(edu).stream().map(PciDevice::address).toList());
    assertEquals(List.of(), host.blockers(edu), "a device without driver is in nobody's way");
    tree.bound("0000:00:08.1", "virtio-pci");
    assertEquals(List.of(SIBLING), host.blockers(edu).stream().map(PciDevice::address).toList());
    tree.driver("pcieport").bound("0000:00:08.1", "pcieport");
    assertEquals(List.of(), host.blockers(edu));
    tree.bound("0000:00:08.1", "vfio-pci").cdev("0000:00:08.1", "vfio1");
    assertEquals(List.of(), host.blockers(edu));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0000:00:08.0",
        "00:08.0",
        "/dev/vfio/devices/vfio7",
        "vfio7",
        "/sys/bus/pci/devices/0000:00:08.0",
        "/sys/devices/pci0000:00/0000:00:08.0",
      })
  void aDeviceIsFoundByEveryNamePeopleUse(String where) throws IOException {
    tree.cdev("0000:00:08.0", "vfio7");
    assertEquals(EDU, host.locate(where).address());
  }

  @ParameterizedTest
  @CsvSource({
    "0000:00:1e.0, find PCI device 0000:00:1e.0: ENODEV (see device list)",
    "vfio3, find VFIO cdev vfio3: ENODEV (no PCI device has that cdev)",
    "/sys/bus/pci/devices/0000:05:00.0, find PCI device 0000:05:00.0: ENODEV (see device list)",
  })
  void aDeviceThatIsNotThereIsNodev(String where, String message) {
    var refused = assertThrows(HostException.class, () -> host.locate(where));
    assertEquals(Errno.ENODEV, refused.errno());
    assertEquals(message, refused.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"/dev/vfio/3", "/sys/bus/pci", "/", "eth0", "/tmp/0000:00:08.0"})
  void textThatNamesNoDeviceIsRefused(String where) {
    assertThrows(IllegalArgumentException.class, () -> host.locate(where));
  }

  @Test
  void aHostWithoutPciOrIommuShowsNothing() throws IOException {
    var bare = Host.of(Files.createDirectory(files.getPath("/empty")));
    assertEquals(List.of(), bare.devices());
    assertEquals(List.of(), bare.groups());
    assertEquals(List.of(), bare.iommus());
    assertEquals(Optional.empty(), bare.find(EDU));
  }

  @ParameterizedTest
  @CsvSource({
    "dmar0, VTD, BLOCKS_ON_FAILURE",
    "ivhd1, AMD, WINDOW",
    "smmu3.0x0000000009050000, SMMUV3, WINDOW",
    "virtio0, VIRTIO, WINDOW",
    "0000:00:01.0, VIRTIO, WINDOW",
    "a003e00.virtio_mmio, VIRTIO, WINDOW",
    "iommufd_selftest_iommu.0, MOCK, UNKNOWN",
    "smmu.0x2b400000, OTHER, UNKNOWN",
  })
  void theDriverIsToldByTheIommusName(
      String name, IommuInstance.Driver driver, IommuInstance.Replace replace) {
    assertEquals(driver, new IommuInstance(name).driver());
    assertEquals(replace, new IommuInstance(name).driver().replace());
  }

  @Test
  void iommusAndDriversAreListed() {
    assertEquals(List.of(new IommuInstance("dmar0")), host.iommus());
    assertTrue(host.hasDriver("vfio-pci"));
    assertTrue(!host.hasDriver("nvme"));
  }

  @Test
  void aShortAddressMeansDomainZeroFirst() throws IOException {
    tree.device("10000:00:08.0", "0x1234", "0x11e8", "0x00ff00");
    assertEquals("0000:00:08.0", host.locate("00:08.0").address().toString());
    assertEquals("10000:00:08.0", host.locate("10000:00:08.0").address().toString());
  }

  @Test
  void aShortAddressFindsTheOnlyDeviceOfAnotherDomain() throws IOException {
    tree.device("10000:e1:00.0", "0x1234", "0x11e8", "0x00ff00");
    assertEquals("10000:e1:00.0", host.locate("e1:00.0").address().toString());
    assertEquals("10000:e1:00.0", host.locate("E1:0.0").address().toString());
    var refused = assertThrows(HostException.class, () -> host.locate("0000:e1:00.0"));
    assertEquals(Errno.ENODEV, refused.errno(), "the full form means one domain");
  }

  @Test
  void aShortAddressOfSeveralDomainsListsThem() throws IOException {
    tree.device("10000:e1:00.0", "0x1234", "0x11e8", "0x00ff00");
    tree.device("10001:e1:00.0", "0x1234", "0x11e8", "0x00ff00");
    var refused = assertThrows(IllegalArgumentException.class, () -> host.locate("e1:00.0"));
    assertEquals(
        "domain 0 has no 0000:e1:00.0, but others have: which one of 10000:e1:00.0,"
            + " 10001:e1:00.0?",
        refused.getMessage());
  }
}
