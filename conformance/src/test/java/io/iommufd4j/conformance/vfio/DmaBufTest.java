// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.vfio;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENODEV;
import static io.iommufd4j.kernel.Errno.ENOTTY;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;
import static io.iommufd4j.kernel.Errno.EOVERFLOW;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.bindings.pci.pci_h;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.EduDma;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.Needs;
import io.iommufd4j.conformance.OpenDevice;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code VFIO_DEVICE_FEATURE_DMA_BUF}: a piece of a BAR for other devices to reach. */
@Conformance
final class DmaBufTest {

  @BeforeEach
  void needsThem(KernelUnderTest test) {
    Needs.EXPORTED_BARS.of(test);
  }

  private static final long PAGE = UserPages.PAGE;
  private static final long IOVA = 0x100_0000;
  private static final int GET =
      vfio_h.VFIO_DEVICE_FEATURE_GET() | vfio_h.VFIO_DEVICE_FEATURE_DMA_BUF();
  private static final int LIVENESS = 4;
  private static final int WORD = 2;

  private static BoundDevice device(KernelUnderTest test) {
    return device(test, test.iommufd());
  }

  private static BoundDevice device(KernelUnderTest test, OpenIommufd iommufd) {
    BoundDevice bound = test.bound(iommufd, test.machine().lone().getFirst());
    decode(bound.device(), true);
    return bound;
  }

  private static void decode(OpenDevice device, boolean memory) {
    device.config(pci_h.PCI_COMMAND(), WORD, memory ? pci_h.PCI_COMMAND_MEMORY() : 0);
  }

  /** A request for one dma-buf; pairs of offset and length follow. */
  private static RequestBlock block(OpenDevice device, int region, long... ranges) {
    RequestBlock block =
        device.block(Request.VFIO_DEVICE_FEATURE, 16 + ranges.length * 8L).set("flags", GET);
    MemorySegment data = block.memory().asSlice(8);
    data.set(ValueLayout.JAVA_INT, 0, region);
    data.set(ValueLayout.JAVA_INT, 4, libc_h.O_RDWR() | libc_h.O_CLOEXEC());
    data.set(ValueLayout.JAVA_INT, 12, ranges.length / 2);
    MemorySegment.copy(ranges, 0, data, ValueLayout.JAVA_LONG, 16, ranges.length);
    return block;
  }

  private static int export(KernelUnderTest test, OpenDevice device, long... ranges) {
    int fd = ok(device.ioctl(block(device, 0, ranges)));
    test.closeAfter(fd);
    return fd;
  }

  @Test
  void requestIsChecked(KernelUnderTest test) {
    OpenDevice device = device(test).device();
    refused(EINVAL, device.ioctl(block(device, 0)));
    refused(EINVAL, device.ioctl(block(device, 0, 0, 0)));
    refused(EINVAL, device.ioctl(block(device, 0, 1, PAGE)));
    refused(EINVAL, device.ioctl(block(device, 0, 0, 1)));
    refused(EINVAL, device.ioctl(block(device, 0, 0, 0x10_1000)));
    refused(EINVAL, device.ioctl(block(device, 0, 0x10_0000, PAGE)));
    refused(EOVERFLOW, device.ioctl(block(device, 0, -PAGE, PAGE)));
    refused(ENODEV, device.ioctl(block(device, 1, 0, PAGE)));
    refused(ENODEV, device.ioctl(block(device, 6, 0, PAGE)));
    refused(ENODEV, device.ioctl(block(device, 7, 0, PAGE)));
    refused(ENODEV, device.ioctl(block(device, -1, 0, PAGE)));
    RequestBlock flags = block(device, 0, 0, PAGE);
    flags.memory().set(ValueLayout.JAVA_INT, 16, 1);
    refused(EINVAL, device.ioctl(flags));
    refused(EINVAL, device.ioctl(block(device, 0, 0, PAGE).size(23)));
    RequestBlock set = block(device, 0, 0, PAGE);
    refused(EINVAL, device.ioctl(set.set("flags", GET ^ vfio_h.VFIO_DEVICE_FEATURE_GET())));
    refused(EINVAL, device.ioctl(set.set("flags", GET | vfio_h.VFIO_DEVICE_FEATURE_SET())));
  }

  @Test
  void rangesAreReadBeyondTheBlocksSize(KernelUnderTest test) {
    OpenDevice device = device(test).device();
    int fd = ok(device.ioctl(block(device, 0, 0, PAGE).size(24)));
    test.closeAfter(fd);
    UserPages page = test.pageBeforeNothing();
    MemorySegment block = page.memory().asSlice(PAGE - 24);
    block.copyFrom(block(device, 0, 0, PAGE).memory().asSlice(0, 24));
    refused(EFAULT, device.ioctl(Request.VFIO_DEVICE_FEATURE.number(), block));
  }

  @Test
  void fileIsForImportersOnly(KernelUnderTest test) {
    OpenDevice device = device(test).device();
    int fd = export(test, device, 0, PAGE);
    MemorySegment buffer = test.arena().allocate(8);
    refused(EINVAL, test.kernel().read(fd, buffer));
    refused(EINVAL, test.kernel().write(fd, buffer));
    refused(EINVAL, test.kernel().mmap(PAGE, libc_h.PROT_READ(), libc_h.MAP_SHARED(), fd, 0));
    refused(ENOTTY, test.kernel().ioctl(fd, Request.IOMMU_IOAS_ALLOC.number(), buffer));
  }

  @Test
  void iommufdMapsIt(KernelUnderTest test) {
    BoundDevice bound = device(test);
    int ioas = bound.ioas();
    int fd = export(test, bound.device(), 0, 4 * PAGE);
    OpenIommufd iommufd = bound.iommufd();
    ok(iommufd.mapFile(ioas, fd, 0, 4 * PAGE, IOVA));
    ok(iommufd.mapFile(ioas, fd, PAGE, PAGE, 2 * IOVA));
    refused(EINVAL, iommufd.mapFile(ioas, fd, PAGE, 4 * PAGE, 3 * IOVA));
    refused(EINVAL, iommufd.mapFile(ioas, fd, 4 * PAGE, PAGE, 3 * IOVA));
    assertEquals(4 * PAGE, iommufd.unmap(ioas, IOVA, 4 * PAGE));
    assertEquals(PAGE, iommufd.unmap(ioas, 2 * IOVA, PAGE));
  }

  @Test
  void oneRangeOnly(KernelUnderTest test) {
    BoundDevice bound = device(test);
    int fd = export(test, bound.device(), 0, PAGE, 4 * PAGE, PAGE);
    refused(EOPNOTSUPP, bound.iommufd().mapFile(bound.ioas(), fd, 0, PAGE, IOVA));
  }

  @Test
  void anotherDeviceReachesTheRegisters(KernelUnderTest test) {
    BoundDevice exporter = device(test);
    int fd = export(test, exporter.device(), 0, PAGE);
    BoundDevice other = test.bound(exporter.iommufd(), test.machine().lone().get(1));
    int ioas = other.ioas();
    UserPages page = test.pages(1);
    page.memory().set(ValueLayout.JAVA_INT, 0, 0x1122_3344);
    ok(other.iommufd().mapFixed(ioas, page.address(), PAGE, IOVA));
    ok(other.iommufd().mapFile(ioas, fd, 0, PAGE, 2 * IOVA));
    ok(other.device().attach(ioas));
    EduDma dma = test.dma(other.device());
    dma.move(IOVA, 2 * IOVA + LIVENESS, 4);
    assertEquals(~0x1122_3344, liveness(test, exporter.device()));
    dma.move(2 * IOVA + LIVENESS, IOVA, 4);
    assertEquals(~0x1122_3344, page.memory().get(ValueLayout.JAVA_INT, 0));
  }

  @Test
  void decodingTakesItBack(KernelUnderTest test) {
    BoundDevice exporter = device(test);
    int fd = export(test, exporter.device(), 0, PAGE);
    BoundDevice other = test.bound(exporter.iommufd(), test.machine().lone().get(1));
    OpenIommufd iommufd = other.iommufd();
    int ioas = other.ioas();
    UserPages page = test.pages(1);
    ok(iommufd.mapFixed(ioas, page.address(), PAGE, IOVA));
    ok(iommufd.mapFile(ioas, fd, 0, PAGE, 2 * IOVA));
    ok(other.device().attach(ioas));
    EduDma dma = test.dma(other.device());
    page.memory().set(ValueLayout.JAVA_INT, 0, 0x1122_3344);
    dma.move(IOVA, 2 * IOVA + LIVENESS, 4);
    decode(exporter.device(), false);
    refused(ENODEV, iommufd.mapFile(ioas, fd, 0, PAGE, 3 * IOVA));
    decode(exporter.device(), true);
    page.memory().set(ValueLayout.JAVA_INT, 0, 0x5566_7788);
    dma.move(IOVA, 2 * IOVA + LIVENESS, 4);
    assertEquals(~0x1122_3344, liveness(test, exporter.device()), "the mapping does not come back");
    ok(iommufd.mapFile(ioas, fd, 0, PAGE, 3 * IOVA));
    dma.move(IOVA, 3 * IOVA + LIVENESS, 4);
    assertEquals(~0x5566_7788, liveness(test, exporter.device()));
    assertEquals(PAGE, iommufd.unmap(ioas, 2 * IOVA, PAGE));
    assertEquals(PAGE, iommufd.unmap(ioas, 3 * IOVA, PAGE));
  }

  @Test
  void takenBackFromTheStartWithoutDecoding(KernelUnderTest test) {
    BoundDevice bound = device(test);
    decode(bound.device(), false);
    int fd = export(test, bound.device(), 0, PAGE);
    refused(ENODEV, bound.iommufd().mapFile(bound.ioas(), fd, 0, PAGE, IOVA));
    decode(bound.device(), true);
    ok(bound.iommufd().mapFile(bound.ioas(), fd, 0, PAGE, IOVA));
  }

  @Test
  void lowPowerTakesItBack(KernelUnderTest test) {
    BoundDevice bound = device(test);
    OpenDevice device = bound.device();
    int fd = export(test, device, 0, PAGE);
    int set = vfio_h.VFIO_DEVICE_FEATURE_SET();
    RequestBlock entry =
        device
            .block(Request.VFIO_DEVICE_FEATURE)
            .set("flags", set | vfio_h.VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY());
    ok(device.ioctl(entry));
    refused(ENODEV, bound.iommufd().mapFile(bound.ioas(), fd, 0, PAGE, IOVA));
    ok(device.ioctl(entry.set("flags", set | vfio_h.VFIO_DEVICE_FEATURE_LOW_POWER_EXIT())));
    ok(bound.iommufd().mapFile(bound.ioas(), fd, 0, PAGE, IOVA));
  }

  @Test
  void closeTakesItBackForGood(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    BoundDevice bound = device(test, iommufd);
    int fd = export(test, bound.device(), 0, PAGE);
    int ioas = bound.ioas();
    ok(iommufd.mapFile(ioas, fd, 0, PAGE, IOVA));
    bound.device().close();
    refused(ENODEV, iommufd.mapFile(ioas, fd, 0, PAGE, 2 * IOVA));
    assertEquals(PAGE, iommufd.unmap(ioas, IOVA, PAGE));
    BoundDevice again = device(test, iommufd);
    refused(ENODEV, iommufd.mapFile(ioas, fd, 0, PAGE, IOVA));
    assertTrue(again.id() > 0);
  }

  private static int liveness(KernelUnderTest test, OpenDevice device) {
    MemorySegment value = test.arena().allocate(ValueLayout.JAVA_INT);
    assertEquals(4, device.pread(value, LIVENESS));
    return value.get(ValueLayout.JAVA_INT, 0);
  }
}
