// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.linux.NativeKernel;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.uapi.DeviceId;
import io.iommufd4j.uapi.HwptId;
import io.iommufd4j.uapi.IoasId;
import io.iommufd4j.vfio.VfioDevice;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * Ownership of descriptors: which handle closes one, and when. The host's kernel answers; a memfd
 * stands in for the descriptor of an iommufd and of a device, as what a program might hand over by
 * mistake.
 */
@EnabledOnOs(OS.LINUX)
class HandleTest {

  private final Kernel kernel = new NativeKernel();

  @Test
  void aDescriptorOfAnotherKindIsRefusedWithEverythingKnown() {
    try (var iommufd = Iommufd.adopt(kernel, memfd())) {
      var refused = assertThrows(KernelException.class, iommufd::newIoas);
      assertEquals(Errno.ENOTTY, refused.errno());
      assertEquals("IOMMU_IOAS_ALLOC", refused.operation());
      assertEquals(iommufd.fd(), refused.fd());
      assertEquals(Optional.empty(), refused.object());
      assertEquals(
          "IOMMU_IOAS_ALLOC on fd " + iommufd.fd() + ": ENOTTY: " + refused.hint(),
          refused.getMessage());
    }
  }

  @Test
  void aRefusalNamesItsObject() {
    try (var iommufd = Iommufd.adopt(kernel, memfd())) {
      var ioas = iommufd.ioas(new IoasId(7));
      var refused = assertThrows(KernelException.class, ioas::iovaRanges);
      assertEquals(Optional.of(new IoasId(7)), refused.object());
      assertTrue(refused.toString().contains("IOAS 7"), refused::toString);
    }
  }

  @Test
  void anOwnedDescriptorIsClosedOnceAndNotUsedAfter() {
    int fd = memfd();
    var iommufd = Iommufd.adopt(kernel, fd);
    iommufd.close();
    iommufd.close();
    assertEquals(Errno.EBADF.negated(), kernel.ftruncate(fd, 0));
    assertThrows(IllegalStateException.class, iommufd::fd);
    assertThrows(IllegalStateException.class, iommufd::newIoas);
  }

  @Test
  void aReleasedDescriptorStaysOpen() {
    var iommufd = Iommufd.adopt(kernel, memfd());
    int fd = iommufd.release();
    iommufd.close();
    assertEquals(0, kernel.ftruncate(fd, 0));
    assertEquals(0, kernel.close(fd));

    var device = VfioDevice.ofFd(kernel, memfd());
    int other = device.release();
    device.close();
    assertEquals(0, kernel.close(other));
  }

  @Test
  void aDescriptorThatWasClosedElsewhereIsReported() {
    int fd = memfd();
    var iommufd = Iommufd.adopt(kernel, fd);
    assertEquals(0, kernel.close(fd));
    var refused = assertThrows(KernelException.class, iommufd::close);
    assertEquals(Errno.EBADF, refused.errno());
    assertEquals("close", refused.operation());
  }

  @Test
  void attachReplaceAndDetachEachTakeTheStateTheyAreFor() {
    try (var iommufd = Iommufd.adopt(kernel, memfd());
        var device = VfioDevice.ofFd(kernel, memfd())) {
      var target = new HwptId(2);
      assertThrows(IllegalStateException.class, device::id);
      assertThrows(IllegalStateException.class, () -> device.attach(target));
      assertThrows(IllegalStateException.class, () -> device.replace(target));
      assertThrows(IllegalStateException.class, device::detach);

      device.assumeBound(iommufd, new DeviceId(1));
      assertEquals(new DeviceId(1), device.id());
      assertThrows(IllegalStateException.class, () -> device.replace(target));
      assertThrows(IllegalStateException.class, () -> device.tryReplace(target));
      assertThrows(IllegalStateException.class, () -> device.replacePasid(1, target));
      assertThrows(IllegalStateException.class, () -> device.detachPasid(1));
      assertThrows(IllegalArgumentException.class, () -> device.attachPasid(0, target));
      assertThrows(IllegalArgumentException.class, () -> device.attachPasid(1 << 20, target));
      var refused = assertThrows(KernelException.class, () -> device.attach(target));
      assertEquals("VFIO_DEVICE_ATTACH_IOMMUFD_PT", refused.operation());
      assertEquals(Optional.empty(), device.attached());
    }
  }

  @Test
  void aFailedReplaceLeavesTheDeviceAttachedAndACloseReportsWhatItCouldNotDo() {
    int deviceFd = memfd();
    var iommufd = Iommufd.adopt(kernel, memfd());
    var device = VfioDevice.ofFd(kernel, deviceFd);
    device.assumeBound(iommufd, new DeviceId(1));
    device.assumeAttached(new HwptId(2));
    assertThrows(IllegalStateException.class, () -> device.attach(new HwptId(3)));
    assertThrows(KernelException.class, () -> device.replace(new HwptId(3)));
    assertEquals(Optional.of(new HwptId(2)), device.attached());

    // A memfd cannot be detached: each close says so, and closes what it owns all the same.
    var first = assertThrows(KernelException.class, iommufd::close);
    assertEquals("VFIO_DEVICE_DETACH_IOMMUFD_PT", first.operation());
    var second = assertThrows(KernelException.class, device::close);
    assertEquals("VFIO_DEVICE_DETACH_IOMMUFD_PT", second.operation());
    assertEquals(Errno.EBADF.negated(), kernel.ftruncate(deviceFd, 0));
    assertEquals(Optional.empty(), device.iommufd());
    iommufd.close();
    device.close();
  }

  @Test
  void anObjectOfAnotherIommufdIsNotTakenForOneOfThis() {
    try (var here = Iommufd.adopt(kernel, memfd());
        var there = Iommufd.adopt(kernel, memfd());
        var device = VfioDevice.ofFd(kernel, memfd())) {
      device.assumeBound(here, new DeviceId(1));
      var foreign = there.hwpt(new HwptId(2));
      assertThrows(IllegalArgumentException.class, () -> device.attach(foreign));
      assertThrows(
          IllegalArgumentException.class,
          () -> there.newHwpt(device, there.ioas(new IoasId(1)), Set.of()));
      assertThrows(
          IllegalArgumentException.class,
          () -> here.ioas(new IoasId(1)).copyFrom(there.ioas(new IoasId(1)), 0, 4096, Access.READ));
    }
  }

  @Test
  void aBorrowedHandleOfTheSameDescriptorIsTheSameIommufd() {
    try (var owned = Iommufd.adopt(kernel, memfd());
        var device = VfioDevice.ofFd(kernel, memfd())) {
      device.assumeBound(owned, new DeviceId(1));
      var borrowed = IommufdRef.of(kernel, owned.fd()).hwpt(new HwptId(2));
      assertThrows(KernelException.class, () -> device.attach(borrowed));
    }
  }

  @Test
  void heapMemoryIsNotForDevices() {
    try (var iommufd = Iommufd.adopt(kernel, memfd())) {
      var ioas = iommufd.ioas(new IoasId(1));
      var heap = MemorySegment.ofArray(new byte[4096]);
      assertThrows(IllegalArgumentException.class, () -> ioas.map(heap, 0, Access.READ));
    }
  }

  @Test
  void aPathThatIsNotThereIsRefusedByName() {
    var refused =
        assertThrows(
            KernelException.class,
            () -> VfioDevice.openCdev(kernel, "/dev/vfio/devices/vfio99999"));
    assertEquals(Errno.ENOENT, refused.errno());
    assertEquals("open", refused.operation());
    assertTrue(refused.toString().contains("vfio99999"), refused::toString);
  }

  @Test
  void aBufferIsWholePagesAndEndsWhenClosed() {
    long page = kernel.process().pageSize();
    var buffer = DmaBuffer.allocate(kernel, page + 1);
    MemorySegment memory = buffer.segment();
    assertEquals(2 * page, buffer.byteSize());
    assertEquals(0, memory.address() % page);
    memory.fill((byte) 1);
    assertThrows(IndexOutOfBoundsException.class, () -> memory.asSlice(0, 2 * page + 1));
    buffer.close();
    buffer.close();
    assertThrows(IllegalStateException.class, () -> memory.fill((byte) 2));
    assertThrows(IllegalArgumentException.class, () -> DmaBuffer.allocate(kernel, 0));
  }

  private int memfd() {
    int fd = kernel.memfd("handle", libc_h.MFD_CLOEXEC());
    assertTrue(fd >= 0, () -> Errno.name(fd));
    return fd;
  }
}
