// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio;

import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_FEATURE;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_GET_INFO;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_GET_IRQ_INFO;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_GET_PCI_HOT_RESET_INFO;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_GET_REGION_INFO;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_PCI_HOT_RESET;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_SET_IRQS;
import static io.iommufd4j.kernel.Errno.EBADF;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENODEV;
import static io.iommufd4j.kernel.Errno.ENOSPC;
import static io.iommufd4j.kernel.Errno.ENOTTY;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.device.model.EduModel;
import io.iommufd4j.sim.driver.IommuPreset;
import io.iommufd4j.sim.function.EduFunction;
import io.iommufd4j.sim.pci.PciBus;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The answers of the lab's Linux 7.3.4 about a bound edu function, and its refusals. */
final class DeviceDescriptionTest {

  private static final int UNTOUCHED = 0xeeeeeeee;

  private final VfioBench bench = new VfioBench(IommuPreset.VTD);
  private final PciBus bus = new PciBus(false);
  private final EduFunction edu = bench.machine.edu("0000:00:08.0", bus, bench.machine.group(3));
  private final int iommufd = bench.openIommufd();
  private final int fd = bench.open(bench.driver.probe(edu));

  @BeforeEach
  void bind() {
    assertEquals(1, bench.bind(fd, iommufd));
  }

  @AfterEach
  void close() {
    bench.close();
  }

  private int[] asked(int request, int words, int... first) {
    MemorySegment block = bench.arena.allocate(4L * words, 8);
    block.fill((byte) 0xee);
    for (int i = 0; i < first.length; i++) {
      block.setAtIndex(ValueLayout.JAVA_INT, i, first[i]);
    }
    assertEquals(0, bench.ioctl(fd, request, block));
    return block.toArray(ValueLayout.JAVA_INT);
  }

  private int refused(int request, int... words) {
    return bench.ioctl(fd, request, bench.words(words));
  }

  @Test
  void deviceInfo() {
    int u = UNTOUCHED;
    int request = VFIO_DEVICE_GET_INFO();
    assertArrayEquals(new int[] {16, 2, 9, 5, u, u}, asked(request, 6, 16));
    assertArrayEquals(new int[] {20, 2, 9, 5, 0, u}, asked(request, 6, 20));
    assertArrayEquals(new int[] {24, 2, 9, 5, 0, 0}, asked(request, 6, 24));
    assertArrayEquals(new int[] {36, 2, 9, 5, 0, 0, u, u, u}, asked(request, 9, 36));
    for (int size : new int[] {0, 4, 8, 12}) {
      assertEquals(EINVAL.negated(), refused(request, size, 0, 0, 0));
    }
    assertEquals(EFAULT.negated(), bench.ioctl(fd, request, 8));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 7, 0x100000",
    "1, 0, 0",
    "2, 0, 0",
    "3, 0, 0",
    "4, 0, 0",
    "5, 0, 0",
    "6, 0, 0",
    "7, 3, 0x100"
  })
  void regions(int index, int flags, String size) {
    int[] info = asked(VFIO_DEVICE_GET_REGION_INFO(), 8, 32, 0, index);
    int bytes = Integer.decode(size);
    assertArrayEquals(new int[] {32, flags, index, UNTOUCHED, bytes, 0, 0, index << 8}, info);
  }

  @Test
  void regionsThatAreNone() {
    for (int index : new int[] {8, 9, 11, -1}) {
      assertEquals(
          EINVAL.negated(), refused(VFIO_DEVICE_GET_REGION_INFO(), 32, 0, index, 0, 0, 0, 0, 0));
    }
    assertEquals(EINVAL.negated(), refused(VFIO_DEVICE_GET_REGION_INFO(), 31, 0, 0, 0, 0, 0, 0, 0));
  }

  @ParameterizedTest
  @CsvSource({"0, 7, 1", "1, 9, 1", "2, 9, 0", "3, 9, 1", "4, 9, 1"})
  void interrupts(int index, int flags, int count) {
    assertArrayEquals(
        new int[] {16, flags, index, count}, asked(VFIO_DEVICE_GET_IRQ_INFO(), 4, 16, 0, index));
  }

  @Test
  void interruptsThatAreNone() {
    assertEquals(EINVAL.negated(), refused(VFIO_DEVICE_GET_IRQ_INFO(), 16, 0, 5, 0));
    assertEquals(EINVAL.negated(), refused(VFIO_DEVICE_GET_IRQ_INFO(), 16, 0, -1, 0));
    assertEquals(EINVAL.negated(), refused(VFIO_DEVICE_GET_IRQ_INFO(), 12, 0, 0, 0));
  }

  @ParameterizedTest
  @CsvSource({
    "0x21, 0, 0, 0, EINVAL", "0x21, 1, 0, 0, EINVAL", "0x21, 0, 0, 1, EINVAL",
    "0x21, 3, 0, 0, EINVAL", "0x21, 4, 0, 0, EINVAL", "0x21, 5, 0, 0, EINVAL",
    "0x22, 0, 0, 1, EINVAL", "0x24, 0, 0, 1, EINVAL", "0x09, 0, 0, 1, EINVAL",
    "0x11, 0, 0, 1, EINVAL", "0x09, 1, 0, 1, ENOTTY", "0x21, 1, 0, 1, EINVAL",
    "0x21, 1, 1, 1, EINVAL", "0x23, 0, 0, 1, EINVAL", "0x00, 0, 0, 1, EINVAL",
    "0x01, 0, 0, 1, ENOTTY", "0x19, 0, 0, 1, ENOTTY", "0x61, 0, 0, 1, EINVAL",
    "0x21, 2, 0, 0, EINVAL", "0x21, 2, 0, 1, EINVAL"
  })
  void interruptsThatCannotBeSet(String flags, int index, int start, int count, String errno) {
    Errno expected = errno.equals("ENOTTY") ? ENOTTY : EINVAL;
    assertEquals(
        expected.negated(),
        refused(VFIO_DEVICE_SET_IRQS(), 20, Integer.decode(flags), index, start, count));
  }

  @Test
  void interruptsAreCountedInTheirEventfd() {
    int event = bench.eventFd();
    for (int index : new int[] {0, 1}) {
      assertEquals(0, refused(VFIO_DEVICE_SET_IRQS(), 24, 0x24, index, 0, 1, event));
      assertEquals(0, refused(VFIO_DEVICE_SET_IRQS(), 20, 0x21, index, 0, 1));
      assertEquals(1, count(event));
      assertEquals(
          EINVAL.negated(), refused(VFIO_DEVICE_SET_IRQS(), 24, 0x24, 1 - index, 0, 1, event));
      assertEquals(0, refused(VFIO_DEVICE_SET_IRQS(), 20, 0x21, index, 0, 0));
    }
    assertEquals(0, refused(VFIO_DEVICE_SET_IRQS(), 24, 0x24, 4, 0, 1, event));
    assertEquals(0, refused(VFIO_DEVICE_SET_IRQS(), 20, 0x21, 4, 0, 1));
    assertEquals(1, count(event));
    assertEquals(EBADF.negated(), refused(VFIO_DEVICE_SET_IRQS(), 24, 0x24, 0, 0, 1, 99));
    assertEquals(EINVAL.negated(), refused(VFIO_DEVICE_SET_IRQS(), 24, 0x24, 0, 0, 1, iommufd));
  }

  private long count(int event) {
    MemorySegment counter = bench.arena.allocate(8, 8);
    assertEquals(8, bench.file(event).read(counter));
    return counter.get(ValueLayout.JAVA_LONG, 0);
  }

  @ParameterizedTest
  @CsvSource({
    "0, -25, -25, -25, -25", "1, -25, -25, -25, -25", "3, 0, -22, 0, -22",
    "4, 0, -22, 0, -22", "5, 0, -22, 0, -22", "8, -25, -25, -25, -25",
    "9, -25, -25, -25, -25", "11, 0, 0, -22, -22", "12, -22, -22, -22, -22",
    "13, -25, -25, -25, -25", "15, -25, -25, -25, -25"
  })
  void features(int feature, int probe, int probeGet, int probeSet, int get) {
    assertEquals(probe, refused(VFIO_DEVICE_FEATURE(), 72, 0x40000 | feature));
    assertEquals(probeGet, refused(VFIO_DEVICE_FEATURE(), 72, 0x50000 | feature));
    assertEquals(probeSet, refused(VFIO_DEVICE_FEATURE(), 72, 0x60000 | feature));
    int[] block = new int[18];
    block[0] = 72;
    block[1] = 0x10000 | feature;
    assertEquals(get, refused(VFIO_DEVICE_FEATURE(), block));
  }

  @Test
  void lowPower() {
    assertEquals(0, refused(VFIO_DEVICE_FEATURE(), 8, 0x20003));
    assertEquals(EINVAL.negated(), refused(VFIO_DEVICE_FEATURE(), 8, 0x20003));
    assertEquals(0, refused(VFIO_DEVICE_FEATURE(), 8, 0x20005));
    assertEquals(0, refused(VFIO_DEVICE_FEATURE(), 16, 0x20004, bench.eventFd(), 0));
    assertEquals(0, refused(VFIO_DEVICE_FEATURE(), 8, 0x20005));
    assertEquals(EINVAL.negated(), refused(VFIO_DEVICE_FEATURE(), 16, 0x20004, -1, 0));
  }

  @Test
  void featuresWithBadFlags() {
    assertEquals(EINVAL.negated(), refused(VFIO_DEVICE_FEATURE(), 4, 0x40003));
    assertEquals(ENOTTY.negated(), refused(VFIO_DEVICE_FEATURE(), 8, 0));
    assertEquals(EINVAL.negated(), refused(VFIO_DEVICE_FEATURE(), 8, 0x30000));
    assertEquals(EINVAL.negated(), refused(VFIO_DEVICE_FEATURE(), 8, 0x80000));
  }

  @Test
  void hotResetOfTheRootBus() {
    assertEquals(ENODEV.negated(), refused(VFIO_DEVICE_GET_PCI_HOT_RESET_INFO(), 12, 0, 0));
    assertEquals(ENODEV.negated(), refused(VFIO_DEVICE_PCI_HOT_RESET(), 12, 0, 0));
    assertEquals(EINVAL.negated(), refused(VFIO_DEVICE_PCI_HOT_RESET(), 12, 1, 0));
    assertEquals(EINVAL.negated(), refused(VFIO_DEVICE_PCI_HOT_RESET(), 12, 0, 1));
  }

  @Test
  void hotResetOfABusBehindABridge() {
    var behind = new PciBus(true);
    var group = bench.machine.group(9);
    EduFunction one = bench.machine.edu("0000:02:01.0", behind, group);
    EduFunction two = bench.machine.edu("0000:02:02.0", behind, group);
    int oneFd = bench.open(bench.driver.probe(one));
    int id = bench.bind(oneFd, iommufd);
    MemorySegment info = bench.arena.allocate(64, 8);
    info.set(ValueLayout.JAVA_INT, 0, 12);
    assertEquals(ENOSPC.negated(), bench.ioctl(oneFd, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO(), info));
    assertEquals(2, info.get(ValueLayout.JAVA_INT, 8));
    info.set(ValueLayout.JAVA_INT, 0, 64);
    assertEquals(0, bench.ioctl(oneFd, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO(), info));
    assertEquals(1, info.get(ValueLayout.JAVA_INT, 4), "not all of them are owned");
    assertEquals(id, info.get(ValueLayout.JAVA_INT, 12));
    assertEquals(0x08020000, info.get(ValueLayout.JAVA_INT, 16));
    assertEquals(-1, info.get(ValueLayout.JAVA_INT, 20));
    MemorySegment reset = bench.words(12, 0, 0);
    assertEquals(EINVAL.negated(), bench.ioctl(oneFd, VFIO_DEVICE_PCI_HOT_RESET(), reset));
    bench.driver.probe(two);
    assertEquals(0, bench.ioctl(oneFd, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO(), info));
    assertEquals(3, info.get(ValueLayout.JAVA_INT, 4));
    assertEquals(0, info.get(ValueLayout.JAVA_INT, 20));
    two.store(0, EduModel.INTERRUPT_RAISE, 4, 1);
    assertEquals(0, bench.ioctl(oneFd, VFIO_DEVICE_PCI_HOT_RESET(), reset));
    assertFalse(two.interrupts().checkAndMaskPin(), "the pin is lowered");
  }
}
