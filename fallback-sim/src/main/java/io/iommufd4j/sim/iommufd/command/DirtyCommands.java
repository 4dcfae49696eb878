// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.command;

import io.iommufd4j.bindings.iommufd.iommu_hwpt_get_dirty_bitmap;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_set_dirty_tracking;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.PagingDomain;
import io.iommufd4j.sim.iommufd.PagingHwpt;
import io.iommufd4j.sim.iommufd.ioas.DirtyBitmap;
import io.iommufd4j.sim.iommufd.ioas.DirtyTracking;
import io.iommufd4j.sim.iommufd.ioas.Iova;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;

/** {@code IOMMU_HWPT_SET_DIRTY_TRACKING} and {@code IOMMU_HWPT_GET_DIRTY_BITMAP}. */
final class DirtyCommands {

  private DirtyCommands() {}

  /**
   * EOPNOTSUPP for unknown flags or a HWPT made without {@code IOMMU_HWPT_ALLOC_DIRTY_TRACKING},
   * ENOENT. Turning it on forgets what was dirty before.
   */
  static void setTracking(Command command) {
    MemorySegment block = command.block();
    int flags = iommu_hwpt_set_dirty_tracking.flags(block);
    int enable = iommufd_h.IOMMU_HWPT_DIRTY_TRACKING_ENABLE();
    if ((flags & ~enable) != 0) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    PagingHwpt hwpt =
        command.objects().get(iommu_hwpt_set_dirty_tracking.hwpt_id(block), PagingHwpt.class);
    try {
      PagingDomain domain = hwpt.domain();
      if (!domain.tracksDirty()) {
        throw Refused.with(Errno.EOPNOTSUPP);
      }
      new DirtyTracking(hwpt.ioas.table, domain).enable(flags == enable);
    } finally {
      command.objects().put(hwpt);
    }
  }

  /**
   * EOPNOTSUPP for unknown flags, reserved fields or a HWPT without dirty tracking, ENOENT, EINVAL
   * for no bytes or a misaligned range, EOVERFLOW. Reading stops in silence at the first gap.
   */
  static void getBitmap(Command command) {
    MemorySegment block = command.block();
    int flags = iommu_hwpt_get_dirty_bitmap.flags(block);
    int noClear = iommufd_h.IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR();
    if ((flags & ~noClear) != 0 || iommu_hwpt_get_dirty_bitmap.__reserved(block) != 0) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    PagingHwpt hwpt =
        command.objects().get(iommu_hwpt_get_dirty_bitmap.hwpt_id(block), PagingHwpt.class);
    try {
      long iova = iommu_hwpt_get_dirty_bitmap.iova(block);
      long pageSize = iommu_hwpt_get_dirty_bitmap.page_size(block);
      long last = checkedLast(block, hwpt.ioas.table.alignment());
      if (!hwpt.domain().tracksDirty()) {
        throw Refused.with(Errno.EOPNOTSUPP);
      }
      var bitmap =
          new DirtyBitmap(
              command.context().memory(),
              iommu_hwpt_get_dirty_bitmap.data(block),
              iova,
              last,
              pageSize);
      new DirtyTracking(hwpt.ioas.table, hwpt.domain()).read(iova, last, flags == noClear, bitmap);
    } finally {
      command.objects().put(hwpt);
    }
  }

  /** {@code iommufd_check_iova_range}. */
  private static long checkedLast(MemorySegment block, long alignment) {
    long iova = iommu_hwpt_get_dirty_bitmap.iova(block);
    long length = iommu_hwpt_get_dirty_bitmap.length(block);
    long pageSize = iommu_hwpt_get_dirty_bitmap.page_size(block);
    if (length == 0) {
      throw Refused.with(Errno.EINVAL);
    }
    long last = Iova.last(iova, length);
    long edges = iova | last + 1;
    if ((edges & (alignment - 1)) != 0 || pageSize == 0 || (edges & (pageSize - 1)) != 0) {
      throw Refused.with(Errno.EINVAL);
    }
    return last;
  }
}
