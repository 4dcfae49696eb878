// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd;

import static io.iommufd4j.sim.iommufd.Bench.PAGE;
import static io.iommufd4j.sim.iommufd.Bench.refused;
import static io.iommufd4j.sim.iommufd.Bench.succeeded;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.iommufd.iommu_ioas_allow_iovas;
import io.iommufd4j.bindings.iommufd.iommu_ioas_iova_ranges;
import io.iommufd4j.bindings.iommufd.iommu_iova_range;
import io.iommufd4j.bindings.iommufd.iommu_option;
import io.iommufd4j.bindings.iommufd.iommu_vfio_ioas;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.IommuGroup;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class IoasTest {

  private static final int GET = iommufd_h.IOMMU_OPTION_OP_GET();
  private static final int SET = iommufd_h.IOMMU_OPTION_OP_SET();
  private static final int HUGE = iommufd_h.IOMMU_OPTION_HUGE_PAGES();
  private static final int LIMIT = iommufd_h.IOMMU_OPTION_RLIMIT_MODE();

  private final Bench bench = new Bench();

  @AfterEach
  void close() {
    bench.close();
  }

  private int allow(int ioas, long... edges) {
    MemorySegment ranges = bench.arena.allocate(8L * edges.length + 8, 8);
    for (int i = 0; i < edges.length; i += 2) {
      MemorySegment range = iommu_iova_range.asSlice(ranges, i / 2);
      iommu_iova_range.start(range, edges[i]);
      iommu_iova_range.last(range, edges[i + 1]);
    }
    MemorySegment block = bench.block(iommu_ioas_allow_iovas.sizeof());
    iommu_ioas_allow_iovas.ioas_id(block, ioas);
    iommu_ioas_allow_iovas.num_iovas(block, edges.length / 2);
    iommu_ioas_allow_iovas.allowed_iovas(block, ranges.address());
    return bench.call(iommufd_h.IOMMU_IOAS_ALLOW_IOVAS(), block);
  }

  @Test
  void idsAreTheLowestFreeFromOne() {
    assertEquals(1, bench.ioas());
    assertEquals(2, bench.ioas());
    assertEquals(3, bench.ioas());
    succeeded(bench.destroy(2));
    refused(Errno.ENOENT, bench.destroy(2));
    assertEquals(2, bench.ioas());
    refused(Errno.ENOENT, bench.destroy(0));
    refused(Errno.ENOENT, bench.destroy(-1));
  }

  @Test
  void destroyUnmapsEverything() {
    int ioas = bench.ioas();
    succeeded(bench.mapFixed(ioas, bench.pages(1), PAGE, 0));
    succeeded(bench.destroy(ioas));
  }

  @Test
  void rangesThatDoNotFitAreCounted() {
    int ioas = bench.ioas();
    bench.boundDevice().attach(IommuGroup.NO_PASID, ioas);
    MemorySegment block = bench.block(iommu_ioas_iova_ranges.sizeof());
    MemorySegment ranges = bench.arena.allocate(3 * iommu_iova_range.sizeof(), 8).fill((byte) 0x55);
    iommu_ioas_iova_ranges.ioas_id(block, ioas);
    iommu_ioas_iova_ranges.num_iovas(block, 1);
    iommu_ioas_iova_ranges.allowed_iovas(block, ranges.address());
    refused(Errno.EMSGSIZE, bench.call(iommufd_h.IOMMU_IOAS_IOVA_RANGES(), block));
    assertEquals(2, iommu_ioas_iova_ranges.num_iovas(block));
    assertEquals(PAGE, iommu_ioas_iova_ranges.out_iova_alignment(block));
    assertEquals(0x7ff_ffff, iommu_iova_range.last(ranges));
    assertEquals(0x5555555555555555L, iommu_iova_range.start(iommu_iova_range.asSlice(ranges, 1)));
    iommu_ioas_iova_ranges.allowed_iovas(block, 1);
    refused(Errno.EFAULT, bench.call(iommufd_h.IOMMU_IOAS_IOVA_RANGES(), block));
  }

  @Test
  void allowedIovasAreWhereTheKernelChooses() {
    int ioas = bench.ioas();
    long memory = bench.pages(1);
    refused(Errno.EINVAL, allow(ioas, 5, 5));
    refused(Errno.EINVAL, allow(ioas, 0x1000, 0x5000, 0x4000, 0x8000));
    succeeded(allow(ioas, 0x10_0000, 0x10_1fff, 0x20_0000, 0x20_0fff));
    assertEquals(0x10_0000, bench.mapAnywhere(ioas, memory, PAGE));
    assertEquals(0x10_1000, bench.mapAnywhere(ioas, memory, PAGE));
    assertEquals(0x20_0000, bench.mapAnywhere(ioas, memory, PAGE));
    refused(Errno.ENOSPC, bench.map(ioas, Bench.READ_WRITE, memory, PAGE, 0));
    succeeded(bench.mapFixed(ioas, memory, PAGE, 0x30_0000));
    succeeded(allow(ioas));
    assertEquals(0x1000, bench.mapAnywhere(ioas, memory, PAGE));
  }

  @Test
  void allowedAndReservedExcludeEachOther() {
    int ioas = bench.ioas();
    succeeded(allow(ioas, 0x800_0000, 0x800_0fff));
    IommufdDevice device = bench.boundDevice();
    refused(Errno.EADDRINUSE, Bench.answer(() -> device.attach(IommuGroup.NO_PASID, ioas)));
    succeeded(allow(ioas, 0x1000, 0x1fff));
    device.attach(IommuGroup.NO_PASID, ioas);
    refused(Errno.EADDRINUSE, allow(ioas, 0x700_0000, 0x800_0000));
    assertEquals(0x1000, bench.mapAnywhere(ioas, bench.pages(1), PAGE));
  }

  @Test
  void hugePagesAreOffOnlyWhileNoDomainHoldsAnything() {
    int ioas = bench.ioas();
    assertEquals(1, bench.option(HUGE, GET, ioas, 0));
    assertEquals(0, bench.option(HUGE, SET, ioas, 0));
    assertEquals(0, bench.option(HUGE, GET, ioas, 7));
    refused(Errno.EINVAL, bench.mapFixed(ioas, bench.pages(1), 100, 0));
    refused(Errno.EINVAL, bench.option(HUGE, SET, ioas, 2));
    assertEquals(1, bench.option(HUGE, SET, ioas, 1));
    succeeded(bench.mapFixed(ioas, bench.pages(1), 100, 0));
    refused(Errno.EADDRINUSE, bench.option(HUGE, SET, ioas, 0));
    bench.unmapAll(ioas);
    succeeded(bench.mapFixed(ioas, bench.pages(1), PAGE, 0));
    bench.boundDevice().attach(IommuGroup.NO_PASID, ioas);
    refused(Errno.EINVAL, bench.option(HUGE, SET, ioas, 0));
    refused(Errno.ENOENT, bench.option(HUGE, GET, 77, 0));
    refused(Errno.EOPNOTSUPP, bench.option(HUGE, 2, ioas, 0));
    refused(Errno.EOPNOTSUPP, bench.option(2, GET, ioas, 0));
  }

  @Test
  void theLimitModeIsSetBeforeAnythingElse() {
    assertEquals(0, bench.option(LIMIT, GET, 0, 5));
    refused(Errno.EINVAL, bench.option(LIMIT, SET, 0, 2));
    refused(Errno.EOPNOTSUPP, bench.option(LIMIT, GET, 1, 0));
    assertEquals(1, bench.option(LIMIT, SET, 0, 1));
    assertEquals(1, bench.option(LIMIT, GET, 0, 0));
    bench.ioas();
    refused(Errno.EBUSY, bench.option(LIMIT, SET, 0, 0));
    try (Bench poor = new Bench(0, false)) {
      refused(Errno.EPERM, poor.option(LIMIT, SET, 0, 1));
    }
  }

  @Test
  void anOptionAnswersInItsValueAlone() {
    MemorySegment block = bench.optionBlock(LIMIT, GET, 0, 9);
    iommu_option.size(block, (int) iommu_option.sizeof());
    succeeded(bench.call(iommufd_h.IOMMU_OPTION(), block));
    assertEquals(0, iommu_option.val64(block));
    assertEquals(GET, iommu_option.op(block));
  }

  @Test
  void theCompatibleIoasIsForgottenWithItsObject() {
    int ioas = bench.ioas();
    refused(Errno.ENODEV, vfioIoas(iommufd_h.IOMMU_VFIO_IOAS_GET(), 0));
    refused(Errno.ENOENT, vfioIoas(iommufd_h.IOMMU_VFIO_IOAS_SET(), 77));
    succeeded(vfioIoas(iommufd_h.IOMMU_VFIO_IOAS_SET(), ioas));
    assertEquals(ioas, vfioIoas(iommufd_h.IOMMU_VFIO_IOAS_GET(), 0));
    succeeded(bench.destroy(ioas));
    refused(Errno.ENODEV, vfioIoas(iommufd_h.IOMMU_VFIO_IOAS_GET(), 0));
    refused(Errno.EOPNOTSUPP, vfioIoas(3, 0));
  }

  private int vfioIoas(int operation, int ioas) {
    MemorySegment block = bench.block(iommu_vfio_ioas.sizeof());
    iommu_vfio_ioas.op(block, (short) operation);
    iommu_vfio_ioas.ioas_id(block, ioas);
    int answer = bench.call(iommufd_h.IOMMU_VFIO_IOAS(), block);
    return answer < 0 ? answer : iommu_vfio_ioas.ioas_id(block);
  }
}
