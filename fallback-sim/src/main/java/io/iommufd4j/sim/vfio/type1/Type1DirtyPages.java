// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio.type1;

import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_IOMMU_DIRTY_PAGES_FLAG_START;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP;

import io.iommufd4j.bindings.vfio.vfio_bitmap;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_dirty_bitmap;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_dirty_bitmap_get;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserBlock;
import java.lang.foreign.MemorySegment;

/**
 * {@code VFIO_IOMMU_DIRTY_PAGES}: all that devices could have written counts as written, for type 1
 * asks no hardware.
 */
final class Type1DirtyPages {

  private final Type1Iommu iommu;
  private final Type1Requests requests;

  Type1DirtyPages(Type1Iommu iommu, Type1Requests requests) {
    this.requests = requests;
    this.iommu = iommu;
  }

  /** EACCES for version 1, EFAULT, EINVAL for flags that are not exactly one. */
  void request(long argument) {
    if (!iommu.version2()) {
      throw Refused.with(Errno.EACCES);
    }
    var block = new UserBlock(iommu.memory(), argument);
    long header = vfio_iommu_type1_dirty_bitmap.sizeof();
    long get = vfio_iommu_type1_dirty_bitmap_get.sizeof();
    MemorySegment dirty = block.take(Request.VFIO_IOMMU_DIRTY_PAGES, get);
    int flags = vfio_iommu_type1_dirty_bitmap.flags(dirty);
    if (flags == VFIO_IOMMU_DIRTY_PAGES_FLAG_START()) {
      iommu.trackDirty(true);
    } else if (flags == VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP()) {
      iommu.trackDirty(false);
    } else if (flags == VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP()) {
      if (Integer.toUnsignedLong(vfio_iommu_type1_dirty_bitmap.argsz(dirty)) < header + get) {
        throw Refused.with(Errno.EINVAL);
      }
      block.copyIn(dirty, header, header + get);
      get(dirty.asSlice(header, get));
    } else {
      throw Refused.with(Errno.EINVAL);
    }
  }

  /** EOVERFLOW for a range that wraps; EINVAL for any that is not whole pages or not tracked. */
  private void get(MemorySegment range) {
    long iova = vfio_iommu_type1_dirty_bitmap_get.iova(range);
    long bytes = vfio_iommu_type1_dirty_bitmap_get.size(range);
    if (bytes == 0) {
      throw Refused.with(Errno.EINVAL);
    }
    long last = requests.last(iova, bytes);
    MemorySegment bitmap = vfio_iommu_type1_dirty_bitmap_get.bitmap(range);
    var bits = DirtyBits.of(iommu.memory(), bitmap.asSlice(0, vfio_bitmap.sizeof()), bytes);
    long page = iommu.smallestPage();
    if (bits.page() != page || ((iova | bytes) & (page - 1)) != 0 || !iommu.tracksDirty()) {
      throw Refused.with(Errno.EINVAL);
    }
    iommu.dirty(iova, last, mapping -> bits.set(mapping.iova - iova, mapping.bytes));
  }
}
