// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.host;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENODEV;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.bindings.vfio.vfio_group_status;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenDevice;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.pci.PciAddress;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Devices that VFIO cannot have, and where the kernel says so. */
@Conformance
@OnHostMachines
final class NotForUsersTest {

  private static final String DRIVERS = "/sys/bus/pci/drivers/";

  /** The device that the firmware has mappings for, with vfio-pci, which takes it. */
  private static String taken(HostFiles files) {
    String address = files.mappedByFirmware();
    files.restore(address);
    ok(files.hand(address, "vfio-pci"));
    return address;
  }

  @Test
  void itsGroupSaysWhatIsMappedOneToOne(KernelUnderTest test) {
    var files = new HostFiles(test);
    String group = HostFiles.at(files.mappedByFirmware()) + "iommu_group/";
    assertEquals(
        """
        0x0000000070000000 0x000000007000ffff direct
        0x00000000fee00000 0x00000000feefffff msi\
        """,
        files.read(group + "reserved_regions"));
    assertEquals("DMA", files.read(group + "type"));
  }

  @Test
  void whatIsMappedOneToOneIsNotBound(KernelUnderTest test) {
    var files = new HostFiles(test);
    String address = taken(files);
    OpenDevice device = test.device(PciAddress.parse(address));
    refused(EINVAL, device.bind(test.iommufd()));
    refused(EINVAL, device.bind(test.iommufd()));
    refused(EINVAL, device.attach(1));
    assertEquals("vfio-pci", files.driver(address));
  }

  @Test
  void itsGroupEntersNoContainer(KernelUnderTest test) {
    var files = new HostFiles(test);
    String group = files.link(HostFiles.at(taken(files)) + "iommu_group");
    int fd =
        ok(test.kernel().open("/dev/vfio/" + files.path(group).getFileName(), libc_h.O_RDWR()));
    test.closeAfter(fd);
    MemorySegment status = test.arena().allocate(vfio_group_status.layout());
    vfio_group_status.argsz(status, (int) vfio_group_status.sizeof());
    ok(test.kernel().ioctl(fd, vfio_h.VFIO_GROUP_GET_STATUS(), status));
    assertEquals(vfio_h.VFIO_GROUP_FLAGS_VIABLE(), vfio_group_status.flags(status));
    int container = ok(test.kernel().open("/dev/vfio/vfio", libc_h.O_RDWR()));
    test.closeAfter(container);
    MemorySegment argument = test.arena().allocateFrom(ValueLayout.JAVA_INT, container);
    refused(EINVAL, test.kernel().ioctl(fd, vfio_h.VFIO_GROUP_SET_CONTAINER(), argument));
  }

  private static Stream<String> bridges(HostFiles files) {
    return files.names("/sys/bus/pci/devices").stream()
        .filter(address -> files.read(HostFiles.at(address) + "class").startsWith("0x0604"));
  }

  @Test
  void everyBridgeHasAHeaderOfItsOwn(KernelUnderTest test) {
    var files = new HostFiles(test);
    assertTrue(bridges(files).count() >= 3);
    bridges(files)
        .forEach(address -> {
          byte[] config = files.bytes(HostFiles.at(address) + "config");
          assertEquals(1, config[0x0e] & 0x7f, address);
          assertEquals(PciAddress.parse(address).bus(), config[0x18] & 0xff, address);
          assertTrue((config[0x19] & 0xff) > 0, address);
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"vfio-pci", "virtio_vfio_pci"})
  void noVfioDriverTakesABridge(String driver, KernelUnderTest test) {
    var files = new HostFiles(test);
    // The last root port: what lies behind it stays.
    String port =
        bridges(files).filter(each -> files.driver(each).equals("pcieport")).toList().getLast();
    files.restore(port);
    refused(ENODEV, files.write(DRIVERS + driver + "/bind", port));
    refused(EINVAL, files.hand(port, driver));
    ok(files.write("/sys/bus/pci/drivers_probe", port));
    assertEquals("", files.driver(port));
  }
}
