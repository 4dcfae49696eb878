// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j;

import io.iommufd4j.bindings.iommufd.iommu_hwpt_get_dirty_bitmap;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_set_dirty_tracking;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.data.InvalidateOutcome;
import io.iommufd4j.data.InvalidationBlock;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.uapi.HwptFlag;
import io.iommufd4j.uapi.HwptId;
import io.iommufd4j.wire.Invalidator;
import io.iommufd4j.wire.KernelFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A hardware page table that somebody else owns: the domain of an IOMMU driver, kept in step with
 * the IOAS it was made from.
 */
public sealed class HwptRef implements PageTable permits Hwpt {

  private final IommufdRef iommufd;
  private final HwptId id;

  HwptRef(IommufdRef iommufd, HwptId id) {
    this.iommufd = iommufd;
    this.id = id;
  }

  @Override
  public final HwptId id() {
    return id;
  }

  @Override
  public final IommufdRef iommufd() {
    return iommufd;
  }

  /**
   * Starts or stops tracking the pages that DMA writes ({@code IOMMU_HWPT_SET_DIRTY_TRACKING}).
   * Starting clears what was dirty before.
   *
   * @param on true starts, false stops
   * @throws KernelException {@code EOPNOTSUPP} when the HWPT was not made with {@link
   *     HwptFlag#DIRTY_TRACKING} or the IOMMU cannot track; {@code ENOENT} without this HWPT
   */
  public final void dirtyTracking(boolean on) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = iommu_hwpt_set_dirty_tracking.allocate(arena);
      iommu_hwpt_set_dirty_tracking.size(block, (int) block.byteSize());
      int flags = on ? iommufd_h.IOMMU_HWPT_DIRTY_TRACKING_ENABLE() : 0;
      iommu_hwpt_set_dirty_tracking.flags(block, flags);
      iommu_hwpt_set_dirty_tracking.hwpt_id(block, id.value());
      file().ioctl(Request.IOMMU_HWPT_SET_DIRTY_TRACKING, block, id);
    }
  }

  /**
   * Reads which pages of a range DMA wrote since the last such call ({@code
   * IOMMU_HWPT_GET_DIRTY_BITMAP}); they count as clean from here on.
   *
   * @param iova where the range starts, a multiple of {@code pageSize}
   * @param length bytes, a multiple of {@code pageSize}, not 0
   * @param pageSize bytes that one bit stands for, a power of two of at least the IOMMU's page size
   * @return one bit for each {@code pageSize} bytes of the range
   * @throws KernelException {@code EINVAL} for a misaligned range, on older kernels while tracking
   *     is off, too; {@code EOPNOTSUPP} when the IOMMU cannot track; {@code ENOENT} without this
   *     HWPT
   */
  public final DirtyBitmap dirtyBitmap(long iova, long length, long pageSize) {
    return dirtyBitmap(iova, length, pageSize, 0);
  }

  /**
   * As {@link #dirtyBitmap}, but the pages stay dirty ({@code NO_CLEAR}): right before the range is
   * unmapped, when clearing would be work for nothing.
   *
   * @param iova the start of the range, a multiple of {@code pageSize}
   * @param length bytes, a multiple of {@code pageSize}, not 0
   * @param pageSize bytes that one bit stands for, a power of two of at least the IOMMU's page size
   * @return one bit for each {@code pageSize} bytes of the range
   */
  public final DirtyBitmap peekDirtyBitmap(long iova, long length, long pageSize) {
    int keep = iommufd_h.IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR();
    return dirtyBitmap(iova, length, pageSize, keep);
  }

  private DirtyBitmap dirtyBitmap(long iova, long length, long pageSize, int flags) {
    if (Long.bitCount(pageSize) != 1) {
      throw new IllegalArgumentException("a page size is a power of two: " + pageSize);
    }
    long pages = Math.ceilDiv(length, pageSize);
    if (pages < 0 || pages > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("one bitmap holds up to 2^31 - 1 pages, not " + pages);
    }
    long words = Math.ceilDiv(pages, Long.SIZE);
    try (Arena arena = Arena.ofConfined()) {
      // The bitmap lies behind the struct in one block, so that all the kernel writes is lent.
      long header = iommu_hwpt_get_dirty_bitmap.sizeof();
      MemorySegment block = arena.allocate(header + words * Long.BYTES, Long.BYTES);
      MemorySegment bitmap = block.asSlice(header);
      iommu_hwpt_get_dirty_bitmap.size(block, (int) header);
      iommu_hwpt_get_dirty_bitmap.hwpt_id(block, id.value());
      iommu_hwpt_get_dirty_bitmap.flags(block, flags);
      iommu_hwpt_get_dirty_bitmap.iova(block, iova);
      iommu_hwpt_get_dirty_bitmap.length(block, length);
      iommu_hwpt_get_dirty_bitmap.page_size(block, pageSize);
      iommu_hwpt_get_dirty_bitmap.data(block, bitmap.address());
      file().ioctl(Request.IOMMU_HWPT_GET_DIRTY_BITMAP, block, id);
      return new DirtyBitmap(iova, pageSize, (int) pages, bitmap.toArray(ValueLayout.JAVA_LONG));
    }
  }

  /**
   * Invalidates translations of a nested HWPT ({@code IOMMU_HWPT_INVALIDATE}), to be called once
   * the guest has changed its page table. Allocates nothing on the Java heap. What an SMMUv3 is to
   * forget goes through {@link ViommuRef#invalidate}.
   *
   * @param entries in the format of the HWPT's data
   * @throws KernelException {@code EINVAL} when it is not nested, for entries of another format, or
   *     for a misaligned address; {@code EOPNOTSUPP} when the IOMMU's driver takes none; {@code
   *     ENOENT} without this HWPT. The hint has the number of entries that were handled
   */
  public final void invalidate(InvalidationBlock entries) {
    Invalidator.invalidate(file(), id, entries);
  }

  /**
   * As {@link #invalidate}, with how many were handled, and a refusal as a value.
   *
   * @param entries in the format of the HWPT's data
   * @return done, or refused
   */
  public final InvalidateOutcome tryInvalidate(InvalidationBlock entries) {
    return Invalidator.tryInvalidate(file(), id, entries);
  }

  /** The iommufd's file, as long as this handle may be used. */
  KernelFile file() {
    return iommufd.file();
  }

  @Override
  public String toString() {
    return id.toString();
  }
}
