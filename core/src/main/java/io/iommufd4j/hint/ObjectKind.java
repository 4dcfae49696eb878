// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.hint;

import io.iommufd4j.bindings.iommufd.iommu_hw_queue_alloc;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_get_dirty_bitmap;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_invalidate;
import io.iommufd4j.bindings.iommufd.iommu_ioas_iova_ranges;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.wire.KernelFile;
import java.lang.foreign.Arena;

/**
 * The kind of object that an id of an iommufd names, found by the requests that know it: these ask
 * for nothing, and an id of another kind answers ENOENT.
 */
public enum ObjectKind {
  /** An IOAS. */
  IOAS,
  /** A HWPT, nested or not. */
  HWPT,
  /** A vIOMMU. */
  VIOMMU,
  /** Something else: a device, a queue; or nothing. */
  OTHER;

  /** Of a hardware queue: a vIOMMU answers EOPNOTSUPP to it, whatever its kind. */
  private static final int NO_SUCH_TYPE = -1;

  /**
   * {@return the kind of the object that an id names}
   *
   * @param iommufd the iommufd to ask
   * @param id may name no object
   */
  public static ObjectKind of(IommufdFacts iommufd, int id) {
    KernelFile file = iommufd.file();
    try (Arena arena = Arena.ofConfined()) {
      var ranges = iommu_ioas_iova_ranges.allocate(arena);
      iommu_ioas_iova_ranges.size(ranges, (int) ranges.byteSize());
      iommu_ioas_iova_ranges.ioas_id(ranges, id);
      int listed = file.tryIoctl(Request.IOMMU_IOAS_IOVA_RANGES, ranges);
      if (listed >= 0 || listed == Errno.EMSGSIZE.negated()) {
        return IOAS;
      }
      var bitmap = iommu_hwpt_get_dirty_bitmap.allocate(arena);
      iommu_hwpt_get_dirty_bitmap.size(bitmap, (int) bitmap.byteSize());
      iommu_hwpt_get_dirty_bitmap.hwpt_id(bitmap, id);
      // Of no bytes: EINVAL from a HWPT.
      if (file.tryIoctl(Request.IOMMU_HWPT_GET_DIRTY_BITMAP, bitmap) == Errno.EINVAL.negated()) {
        return HWPT;
      }
      var queue = iommu_hw_queue_alloc.allocate(arena);
      iommu_hw_queue_alloc.size(queue, (int) queue.byteSize());
      iommu_hw_queue_alloc.viommu_id(queue, id);
      iommu_hw_queue_alloc.type(queue, NO_SUCH_TYPE);
      iommu_hw_queue_alloc.length(queue, 1);
      if (file.tryIoctl(Request.IOMMU_HW_QUEUE_ALLOC, queue) == Errno.EOPNOTSUPP.negated()) {
        return VIOMMU;
      }
      var entries = iommu_hwpt_invalidate.allocate(arena);
      iommu_hwpt_invalidate.size(entries, (int) entries.byteSize());
      iommu_hwpt_invalidate.hwpt_id(entries, id);
      int answer = file.tryIoctl(Request.IOMMU_HWPT_INVALIDATE, entries);
      return answer == Errno.ENOENT.negated() || answer == Errno.EINVAL.negated() ? OTHER : HWPT;
    }
  }
}
