// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.bindings.vfio.vfio_pci_dependent_device;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.pci.PciAddress;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Resetting a bus by showing its group: the lab's machines have no bus that can be reset. */
final class GroupResetTest {

  private static final String FIRST = "0000:02:01.0";
  private static final String SECOND = "0000:02:02.0";
  private static final int HEADER = 12;

  private final SimKernel kernel = SimKernel.on(Machine.named("bridge"));
  private final Arena arena = Arena.ofShared();
  private int group;
  private int device;

  @BeforeEach
  void open() {
    for (String address : new String[] {FIRST, SECOND}) {
      write("/sys/bus/pci/devices/" + address + "/driver_override", "vfio-pci");
      write("/sys/bus/pci/drivers_probe", address);
    }
    int id = kernel.control().hardware().group(PciAddress.parse(FIRST)).id();
    group = ok(kernel.open("/dev/vfio/" + id, libc_h.O_RDWR()));
    int container = ok(kernel.open("/dev/vfio/vfio", libc_h.O_RDWR()));
    ok(ioctl(group, vfio_h.VFIO_GROUP_SET_CONTAINER(), ints(container)));
    ok(
        kernel.ioctl(
            container,
            vfio_h.VFIO_SET_IOMMU(),
            MemorySegment.ofAddress(vfio_h.VFIO_TYPE1v2_IOMMU())));
    device = ok(ioctl(group, vfio_h.VFIO_GROUP_GET_DEVICE_FD(), arena.allocateFrom(FIRST)));
  }

  @AfterEach
  void close() {
    kernel.close();
    arena.close();
  }

  @Test
  void infoNamesTheGroups() {
    MemorySegment info = arena.allocate(HEADER + 2 * vfio_pci_dependent_device.sizeof(), 8);
    info.set(ValueLayout.JAVA_INT, 0, (int) info.byteSize());
    ok(ioctl(device, vfio_h.VFIO_DEVICE_GET_PCI_HOT_RESET_INFO(), info));
    assertEquals(0, info.get(ValueLayout.JAVA_INT, 4));
    assertEquals(2, info.get(ValueLayout.JAVA_INT, 8));
    int id = kernel.control().hardware().group(PciAddress.parse(FIRST)).id();
    assertEquals(id, info.get(ValueLayout.JAVA_INT, HEADER));
  }

  @Test
  void groupThatIsShownIsReset() {
    assertEquals(0, reset(group));
    assertEquals(0, reset(group, group));
  }

  @Test
  void otherDescriptorsAreRefused() {
    assertEquals(Errno.EBADF.negated(), reset(1000));
    assertEquals(Errno.EINVAL.negated(), reset(device));
    assertEquals(Errno.EINVAL.negated(), reset(group, group, group));
    assertEquals(Errno.EINVAL.negated(), reset());
  }

  private int reset(int... groups) {
    MemorySegment block = arena.allocate(HEADER + 4L * groups.length, 8);
    block.set(ValueLayout.JAVA_INT, 0, (int) block.byteSize());
    block.set(ValueLayout.JAVA_INT, 8, groups.length);
    MemorySegment.copy(groups, 0, block, ValueLayout.JAVA_INT, HEADER, groups.length);
    return ioctl(device, vfio_h.VFIO_DEVICE_PCI_HOT_RESET(), block);
  }

  private void write(String path, String text) {
    int fd = ok(kernel.open(path, libc_h.O_WRONLY()));
    assertTrue(kernel.write(fd, arena.allocateFrom(text).asSlice(0, text.length())) > 0);
    ok(kernel.close(fd));
  }

  private MemorySegment ints(int value) {
    return arena.allocateFrom(ValueLayout.JAVA_INT, value);
  }

  private int ioctl(int fd, int request, MemorySegment argument) {
    return kernel.ioctl(fd, request, argument);
  }

  private static int ok(int answer) {
    assertTrue(answer >= 0, () -> Errno.name(answer));
    return answer;
  }
}
