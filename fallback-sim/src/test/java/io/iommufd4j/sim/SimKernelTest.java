// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.iommufd.iommu_ioas_alloc;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.bindings.libc.pollfd;
import io.iommufd4j.kernel.Availability;
import io.iommufd4j.kernel.Backend;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.KernelIdentity;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.ClosedFileSystemException;
import java.nio.file.Files;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SimKernelTest {

  private static final int PAGE = 4096;
  private static final int READ_WRITE = libc_h.PROT_READ() | libc_h.PROT_WRITE();
  private static final int PRIVATE = libc_h.MAP_PRIVATE() | libc_h.MAP_ANONYMOUS();

  private final Arena arena = Arena.ofShared();
  private final SimKernel kernel = SimKernel.create();

  @AfterEach
  void close() {
    kernel.close();
    arena.close();
  }

  private static void answers(Errno errno, long result) {
    assertEquals("-" + errno.name(), result < 0 ? "-" + Errno.name((int) result) : "" + result);
  }

  private MemorySegment text(String text) {
    var bytes = arena.allocateFrom(text);
    return bytes.asSlice(0, bytes.byteSize() - 1);
  }

  @Test
  void saysWhatItIs() {
    assertEquals("simulated Linux 7.3.4 (desk:smmuv3)", kernel.identity().toString());
    assertTrue(kernel.identity().simulated());
    assertEquals(0, kernel.process().pinnedBytes());
    assertTrue(kernel.process().root());
    assertEquals(8 << 20, kernel.process().memlockLimit());
  }

  @Test
  void isFoundByItsProvider() {
    var provider = Backend.provider(KernelIdentity.SIM);
    assertInstanceOf(Availability.Available.class, provider.probe(Backend.Purpose.IOMMUFD));
    try (var found = Backend.SIM.open(Backend.Purpose.IOMMUFD)) {
      assertInstanceOf(SimKernel.class, found);
    }
  }

  @Test
  void descriptorsComeLowestFirstAndGo() {
    assertEquals(3, kernel.open("/dev/iommu", libc_h.O_RDWR()));
    assertEquals(4, kernel.dup(3));
    assertEquals(0, kernel.close(3));
    answers(Errno.EBADF, kernel.close(3));
    answers(Errno.EBADF, kernel.dup(3));
    assertEquals(3, kernel.open("/dev/iommu", libc_h.O_RDWR()));
    assertEquals(2, kernel.control().openFiles());
    answers(Errno.EBADF, kernel.ioctl(77, 0, MemorySegment.NULL));
    answers(Errno.EBADF, kernel.read(77, text("x")));
    answers(Errno.EBADF, kernel.write(-1, text("x")));
    answers(Errno.EBADF, kernel.pread(77, text("x"), 0));
    answers(Errno.EBADF, kernel.pwrite(77, text("x"), 0));
    answers(Errno.EBADF, kernel.ftruncate(77, 0));
  }

  @Test
  void buffersThatAreNoMemoryFault() {
    var nowhere = MemorySegment.ofAddress(PAGE).reinterpret(8);
    int memfd = kernel.memfd("m", 0);
    assertEquals(0, kernel.ftruncate(memfd, PAGE));
    answers(Errno.EFAULT, kernel.read(memfd, nowhere));
    answers(Errno.EFAULT, kernel.pread(memfd, nowhere, 0));
    answers(Errno.EFAULT, kernel.write(memfd, nowhere));
    answers(Errno.EFAULT, kernel.pwrite(memfd, nowhere, 0));
    int iommufd = kernel.open("/dev/iommu", libc_h.O_RDWR());
    answers(Errno.EFAULT, kernel.ioctl(iommufd, iommufd_h.IOMMU_IOAS_ALLOC(), nowhere));
  }

  @Test
  void buffersOfNoArenaAreReachedByAddress() {
    var own = text("arena");
    var bare = MemorySegment.ofAddress(own.address()).reinterpret(own.byteSize());
    int memfd = kernel.memfd("m", 0);
    assertEquals(5, kernel.pwrite(memfd, bare, 0));
    own.fill((byte) 0);
    assertEquals(5, kernel.pread(memfd, bare, 0));
    assertEquals(-1, own.mismatch(text("arena")));
  }

  @Test
  void pathsThatAreNotThere() {
    answers(Errno.ENOENT, kernel.open("/dev/vfio/devices/vfio0", libc_h.O_RDWR()));
    answers(Errno.ENOENT, kernel.open("/dev/vfio/devices/", libc_h.O_RDWR()));
    answers(Errno.ENOENT, kernel.open("/sys/nothing", libc_h.O_RDONLY()));
    answers(Errno.ENOENT, kernel.open("/dev/nothing", libc_h.O_RDWR()));
    answers(Errno.ENOENT, kernel.open("", libc_h.O_RDWR()));
  }

  @Test
  void requestsGoToTheirFile() {
    int fd = kernel.open("/dev/iommu", libc_h.O_RDWR());
    var alloc = iommu_ioas_alloc.allocate(arena);
    iommu_ioas_alloc.size(alloc, (int) iommu_ioas_alloc.layout().byteSize());
    assertEquals(0, kernel.ioctl(fd, iommufd_h.IOMMU_IOAS_ALLOC(), alloc));
    assertEquals(1, iommu_ioas_alloc.out_ioas_id(alloc));
    answers(Errno.ENOTTY, kernel.ioctl(fd, 0x1234, alloc));
    int event = kernel.eventfd(0, 0);
    answers(Errno.ENOTTY, kernel.ioctl(event, iommufd_h.IOMMU_IOAS_ALLOC(), alloc));
  }

  static LongStream badAddresses() {
    return LongStream.of(0, 1, -1, Long.MIN_VALUE, 0x7fff_ffff_f000L, 0xffff_8000_0000_0000L);
  }

  @ParameterizedTest
  @MethodSource("badAddresses")
  void aBadArgumentIsAFault(long address) {
    int fd = kernel.open("/dev/iommu", libc_h.O_RDWR());
    answers(
        Errno.EFAULT,
        kernel.ioctl(fd, iommufd_h.IOMMU_IOAS_ALLOC(), MemorySegment.ofAddress(address)));
  }

  @Test
  void eventsAreReadWrittenAndPolled() {
    int fd = kernel.eventfd(3, libc_h.EFD_NONBLOCK());
    var number = arena.allocate(ValueLayout.JAVA_LONG);
    assertEquals(8, kernel.read(fd, number));
    assertEquals(3, number.get(ValueLayout.JAVA_LONG, 0));
    answers(Errno.EAGAIN, kernel.read(fd, number));
    answers(Errno.ESPIPE, kernel.pread(fd, number, 0));
    var wanted = pollfd.allocate(arena);
    pollfd.fd(wanted, fd);
    pollfd.events(wanted, (short) libc_h.POLLIN());
    assertEquals(0, kernel.poll(wanted, 1));
    number.set(ValueLayout.JAVA_LONG, 0, 1);
    assertEquals(8, kernel.write(fd, number));
    assertEquals(1, kernel.poll(wanted, -1));
    answers(Errno.EINVAL, kernel.eventfd(0, 8));
  }

  @Test
  void anonymousMemoryIsMappedAndUnmapped() {
    long address = kernel.mmap(5, READ_WRITE, PRIVATE, -1, 0);
    assertTrue(address > 0);
    assertEquals(0, kernel.munmap(address, 5));
    answers(Errno.EINVAL, kernel.mmap(0, READ_WRITE, PRIVATE, -1, 0));
    answers(Errno.EINVAL, kernel.mmap(PAGE, READ_WRITE, PRIVATE, -1, 5));
    answers(Errno.EINVAL, kernel.mmap(PAGE, READ_WRITE, libc_h.MAP_ANONYMOUS(), -1, 0));
    answers(Errno.ENOMEM, kernel.mmap(1L << 62, READ_WRITE, PRIVATE, -1, 0));
    answers(Errno.ENOMEM, kernel.mmap(-1, READ_WRITE, PRIVATE, -1, 0));
    answers(Errno.EINVAL, kernel.munmap(5, PAGE));
    answers(Errno.EINVAL, kernel.munmap(PAGE, 0));
    assertEquals(0, kernel.munmap(0x10000, PAGE));
  }

  @Test
  void filesAreMappedAsTheyWereOpened() {
    int fd = kernel.memfd("pages", 0);
    assertEquals(0, kernel.ftruncate(fd, 2 * PAGE));
    answers(Errno.EINVAL, kernel.ftruncate(fd, -1));
    long address = kernel.mmap(2 * PAGE, READ_WRITE, libc_h.MAP_SHARED(), fd, 0);
    assertTrue(address > 0);
    assertEquals(5, kernel.pwrite(fd, text("hello"), PAGE));
    assertEquals(0, kernel.close(fd));
    assertEquals(0, kernel.munmap(address, 2 * PAGE));
    answers(Errno.EBADF, kernel.mmap(PAGE, READ_WRITE, libc_h.MAP_SHARED(), fd, 0));
    int event = kernel.eventfd(0, 0);
    answers(Errno.ENODEV, kernel.mmap(PAGE, READ_WRITE, libc_h.MAP_SHARED(), event, 0));
    answers(Errno.EOVERFLOW, kernel.mmap(PAGE, READ_WRITE, libc_h.MAP_SHARED(), event, -PAGE));
    answers(Errno.EINVAL, kernel.mmap(PAGE, READ_WRITE, 0, event, 0));
    int vendor = kernel.open("/sys/bus/pci/devices/0000:02:01.0/vendor", libc_h.O_RDONLY());
    answers(Errno.EACCES, kernel.mmap(PAGE, READ_WRITE, libc_h.MAP_SHARED(), vendor, 0));
    answers(Errno.EINVAL, kernel.ftruncate(vendor, 0));
    answers(Errno.EBADF, kernel.write(vendor, text("x")));
    answers(Errno.EINVAL, kernel.pread(vendor, text("x"), -1));
  }

  @Test
  void whoIsNotRootOpensNoDevice() {
    try (var other = SimKernel.builder().userId(1000).build()) {
      answers(Errno.EACCES, other.open("/dev/iommu", libc_h.O_RDWR()));
      answers(Errno.EACCES, other.open("/sys/bus/pci/drivers_probe", libc_h.O_WRONLY()));
      assertFalse(other.process().root());
    }
  }

  @Test
  void endsWithAllThatWasOpen() {
    long address = kernel.mmap(PAGE, READ_WRITE, PRIVATE, -1, 0);
    int fd = kernel.open("/dev/iommu", libc_h.O_RDWR());
    var sysfs = kernel.sysfs();
    kernel.close();
    kernel.close();
    assertEquals(0, kernel.control().openFiles());
    answers(Errno.EBADF, kernel.close(fd));
    answers(Errno.EBADF, kernel.open("/dev/iommu", libc_h.O_RDWR()));
    assertThrows(ClosedFileSystemException.class, () -> Files.exists(sysfs));
    assertEquals(0, kernel.munmap(address, PAGE));
  }

  @Test
  void heapMemoryIsAProgrammingError() {
    var heap = MemorySegment.ofArray(new byte[8]);
    assertThrows(IllegalArgumentException.class, () -> kernel.ioctl(0, 0, heap));
    assertThrows(IllegalArgumentException.class, () -> kernel.read(0, heap));
    assertThrows(IllegalArgumentException.class, () -> kernel.poll(heap, 0));
  }

  @Test
  void twoKernelsDoNotSeeEachOther() {
    try (var other = SimKernel.create()) {
      assertEquals(3, kernel.open("/dev/iommu", libc_h.O_RDWR()));
      assertEquals(3, other.open("/dev/iommu", libc_h.O_RDWR()));
      assertEquals(0, other.close(3));
      assertEquals(1, kernel.control().openFiles());
    }
    assertTrue(Files.isDirectory(kernel.sysfs()));
  }
}
