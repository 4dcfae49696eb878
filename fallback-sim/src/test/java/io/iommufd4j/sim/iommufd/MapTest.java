// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd;

import static io.iommufd4j.sim.iommufd.Bench.FIXED;
import static io.iommufd4j.sim.iommufd.Bench.PAGE;
import static io.iommufd4j.sim.iommufd.Bench.READ_WRITE;
import static io.iommufd4j.sim.iommufd.Bench.answer;
import static io.iommufd4j.sim.iommufd.Bench.refused;
import static io.iommufd4j.sim.iommufd.Bench.succeeded;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.iommufd.iommu_ioas_unmap;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.Memfd;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.mm.Protection;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MapTest {

  private static final long IOVA = 0x10_0000;

  private final Bench bench = new Bench();
  private final int ioas = bench.ioas();

  @AfterEach
  void close() {
    bench.close();
  }

  private IommufdDevice attached() {
    IommufdDevice device = bench.boundDevice();
    device.attach(IommuGroup.NO_PASID, ioas);
    return device;
  }

  private long unmapped(long iova, long length) {
    MemorySegment block = bench.block(iommu_ioas_unmap.sizeof());
    iommu_ioas_unmap.ioas_id(block, ioas);
    iommu_ioas_unmap.iova(block, iova);
    iommu_ioas_unmap.length(block, length);
    succeeded(bench.call(iommufd_h.IOMMU_IOAS_UNMAP(), block));
    return iommu_ioas_unmap.length(block);
  }

  @Test
  void flagsAndValuesAreCheckedBeforeTheIoas() {
    long memory = bench.pages(1);
    refused(Errno.EOPNOTSUPP, bench.map(77, 1 << 3 | READ_WRITE, memory, PAGE, 0));
    refused(Errno.EOVERFLOW, bench.map(77, READ_WRITE, memory, -1, 0));
    refused(Errno.EOVERFLOW, bench.map(77, 0, memory, PAGE, -1));
    refused(Errno.EINVAL, bench.map(77, FIXED, memory, PAGE, 0));
    refused(Errno.ENOENT, bench.map(77, READ_WRITE, memory, PAGE, 0));
    refused(Errno.EOVERFLOW, bench.map(ioas, READ_WRITE, -PAGE, 2L * PAGE, 0));
    refused(Errno.EINVAL, bench.map(ioas, READ_WRITE, memory, 0, 0));
    refused(Errno.EOVERFLOW, bench.mapFixed(ioas, memory, 2L * PAGE, -PAGE));
  }

  @Test
  void withoutADomainAnyMemoryMaps() {
    succeeded(bench.mapFixed(ioas, 1, 3, 5));
    refused(Errno.EEXIST, bench.mapFixed(ioas, 1, 3, 7));
    assertEquals(3, unmapped(5, 3));
    assertEquals(0, bench.accounting.pinnedBytes());
  }

  @Test
  void badMemoryIsSeenWhenADomainNeedsIt() {
    IommufdDevice device = bench.boundDevice();
    succeeded(bench.mapFixed(ioas, PAGE, PAGE, IOVA));
    refused(Errno.EFAULT, answer(() -> device.attach(IommuGroup.NO_PASID, ioas)));
    refused(Errno.EFAULT, bench.hwpt(device, ioas, 0));
    succeeded(bench.unmap(ioas, IOVA, PAGE));
    device.attach(IommuGroup.NO_PASID, ioas);
    refused(Errno.EFAULT, bench.mapFixed(ioas, PAGE, PAGE, IOVA));
    long readable = bench.memory.mapAnonymous(PAGE, new Protection(true, false));
    refused(Errno.EFAULT, bench.mapFixed(ioas, readable, PAGE, IOVA));
    int readOnly = FIXED | iommufd_h.IOMMU_IOAS_MAP_READABLE();
    succeeded(bench.map(ioas, readOnly, readable, PAGE, IOVA));
  }

  @Test
  void aFailedMapLeavesNothing() {
    attached();
    long good = bench.pages(2);
    bench.memory.unmap(good, 2L * PAGE);
    refused(Errno.EFAULT, bench.mapFixed(ioas, good, 2L * PAGE, IOVA));
    succeeded(bench.mapFixed(ioas, bench.pages(2), 2L * PAGE, IOVA));
    assertEquals(2L * PAGE, bench.accounting.pinnedBytes());
    assertEquals(2L * PAGE, bench.unmapAll(ioas));
  }

  @Test
  void onlyWholeAreasAreUnmapped() {
    long memory = bench.pages(6);
    succeeded(bench.mapFixed(ioas, memory, 2L * PAGE, IOVA));
    succeeded(bench.mapFixed(ioas, memory, 2L * PAGE, IOVA + 2L * PAGE));
    succeeded(bench.mapFixed(ioas, memory, 2L * PAGE, IOVA + 6L * PAGE));
    refused(Errno.ENOENT, bench.unmap(ioas, IOVA + PAGE, PAGE));
    refused(Errno.ENOENT, bench.unmap(ioas, IOVA, PAGE));
    refused(Errno.ENOENT, bench.unmap(ioas, 0, PAGE));
    refused(Errno.EINVAL, bench.unmap(ioas, 0, 0));
    refused(Errno.EOVERFLOW, bench.unmap(ioas, 8, -2));
    refused(Errno.EOVERFLOW, bench.unmap(ioas, 8, -1));
    // What lies below the area that is cut through goes all the same.
    refused(Errno.ENOENT, bench.unmap(ioas, 0, IOVA + 3L * PAGE));
    assertEquals(4L * PAGE, unmapped(IOVA, 16L * PAGE));
    assertEquals(0, bench.unmapAll(ioas));
  }

  @Test
  void unmapAnswersInAsManyBytesAsTheRequestHas() {
    MemorySegment block = bench.block(iommu_ioas_unmap.sizeof() + 8);
    iommu_ioas_unmap.ioas_id(block, ioas);
    iommu_ioas_unmap.length(block, -1);
    succeeded(bench.call(iommufd_h.IOMMU_IOAS_UNMAP(), block));
    assertEquals(0, iommu_ioas_unmap.length(block));
  }

  @Test
  void domainsAskForAlignment() {
    long memory = bench.pages(2);
    succeeded(bench.mapFixed(ioas, memory, 100, IOVA));
    IommufdDevice device = bench.boundDevice();
    refused(Errno.EADDRINUSE, bench.hwpt(device, ioas, 0));
    succeeded(bench.unmap(ioas, IOVA, 100));
    int hwpt = succeeded(bench.hwpt(device, ioas, 0));
    refused(Errno.EINVAL, bench.mapFixed(ioas, memory, 100, IOVA));
    refused(Errno.EINVAL, bench.mapFixed(ioas, memory, PAGE, IOVA + 1));
    refused(Errno.EINVAL, bench.mapFixed(ioas, memory + 1, PAGE, IOVA));
    succeeded(bench.destroy(hwpt));
    succeeded(bench.mapFixed(ioas, memory, 100, IOVA));
  }

  @Test
  void nothingIsMappedOutsideTheAperture() {
    IommufdDevice device = bench.boundDevice();
    succeeded(bench.mapFixed(ioas, bench.pages(1), PAGE, 1L << 48));
    refused(Errno.EADDRINUSE, bench.hwpt(device, ioas, 0));
    bench.unmapAll(ioas);
    succeeded(bench.hwpt(device, ioas, 0));
    refused(Errno.EINVAL, bench.mapFixed(ioas, bench.pages(1), PAGE, 1L << 48));
  }

  @Test
  void copiesShareThePagesAndPayOnce() {
    attached();
    int other = bench.ioas();
    long memory = bench.pages(8);
    succeeded(bench.mapFixed(ioas, memory, 8L * PAGE, IOVA));
    assertEquals(8L * PAGE, bench.accounting.pinnedBytes());
    succeeded(
        bench.copy(ioas, IOVA + PAGE, 3L * PAGE, ioas, 0x800_0000 - PAGE * 3L, FIXED | READ_WRITE));
    succeeded(bench.copy(ioas, IOVA + 2L * PAGE, 4L * PAGE, other, 0, FIXED | READ_WRITE));
    assertEquals(8L * PAGE, bench.accounting.pinnedBytes());
    succeeded(bench.unmap(ioas, IOVA, 8L * PAGE));
    assertEquals(3L * PAGE, bench.accounting.pinnedBytes());
    // The copy without a domain keeps the pages known, not pinned.
    succeeded(bench.copy(other, 0, 4L * PAGE, ioas, IOVA, FIXED | READ_WRITE));
    assertEquals(5L * PAGE, bench.accounting.pinnedBytes());
    bench.unmapAll(ioas);
    assertEquals(0, bench.accounting.pinnedBytes());
  }

  @Test
  void copyNeedsEveryByteMappedAndAccessThatWasGiven() {
    int readable = FIXED | iommufd_h.IOMMU_IOAS_MAP_READABLE();
    succeeded(bench.map(ioas, readable, bench.pages(2), 2L * PAGE, IOVA));
    succeeded(bench.mapFixed(ioas, bench.pages(1), PAGE, IOVA + 2L * PAGE));
    succeeded(bench.mapFixed(ioas, bench.pages(1), PAGE, IOVA + 4L * PAGE));
    refused(Errno.EINVAL, bench.copy(ioas, IOVA, 0, ioas, 0, readable));
    refused(Errno.ENOENT, bench.copy(ioas, IOVA, 5L * PAGE, ioas, 0, readable));
    refused(Errno.ENOENT, bench.copy(ioas, IOVA, PAGE, 77, 0, readable));
    refused(Errno.EPERM, bench.copy(ioas, IOVA, PAGE, ioas, 0, FIXED | READ_WRITE));
    refused(Errno.EEXIST, bench.copy(ioas, IOVA, 3L * PAGE, ioas, IOVA - PAGE, readable));
    succeeded(bench.copy(ioas, IOVA, 3L * PAGE, ioas, 0, readable));
    assertEquals(7L * PAGE, bench.unmapAll(ioas));
  }

  @Test
  void filesArePinnedByOffset() {
    var memfd = new Memfd(bench.memory, "guest", 0);
    int fd = bench.files.open(memfd, 2);
    memfd.truncate(4L * PAGE);
    refused(Errno.EBADF, bench.mapFile(ioas, 99, 0, PAGE, IOVA));
    refused(Errno.EINVAL, bench.mapFile(ioas, 99, 0, 0, IOVA));
    refused(Errno.EOVERFLOW, bench.mapFile(ioas, 99, -PAGE, 2L * PAGE, IOVA));
    succeeded(bench.mapFile(ioas, fd, PAGE, 8L * PAGE, IOVA));
    bench.unmapAll(ioas);
    attached();
    refused(Errno.EINVAL, bench.mapFile(ioas, fd, PAGE, 4L * PAGE, IOVA));
    succeeded(bench.mapFile(ioas, fd, PAGE, 3L * PAGE, IOVA));
    bench.files.close(fd);
    succeeded(bench.copy(ioas, IOVA + PAGE, PAGE, ioas, 0, FIXED | READ_WRITE));
    assertEquals(3L * PAGE, bench.accounting.pinnedBytes());
  }

  @Test
  void otherFilesAreRefusedWhenTheyArePinned() {
    int fd = bench.files.open(new Bench().file, 2);
    succeeded(bench.mapFile(ioas, fd, 0, PAGE, IOVA));
    bench.unmapAll(ioas);
    attached();
    refused(Errno.EINVAL, bench.mapFile(ioas, fd, 0, PAGE, IOVA));
  }

  @Test
  void theLimitIsFeltOnlyWithADomain() {
    try (Bench poor = new Bench(4L * PAGE, false)) {
      int limited = poor.ioas();
      long memory = poor.pages(8);
      succeeded(poor.mapFixed(limited, memory, 8L * PAGE, IOVA));
      IommufdDevice device = poor.boundDevice();
      refused(Errno.ENOMEM, poor.hwpt(device, limited, 0));
      poor.unmapAll(limited);
      device.attach(IommuGroup.NO_PASID, limited);
      refused(Errno.ENOMEM, poor.mapFixed(limited, memory, 5L * PAGE, IOVA));
      succeeded(poor.mapFixed(limited, memory, 4L * PAGE, IOVA));
      succeeded(poor.hwpt(device, limited, 0));
    }
  }
}
