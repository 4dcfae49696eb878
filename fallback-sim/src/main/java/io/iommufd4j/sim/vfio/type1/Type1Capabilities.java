// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio.type1;

import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_IOMMU_INFO_CAPS;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_IOMMU_INFO_PGSIZES;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL;

import io.iommufd4j.bindings.vfio.vfio_info_cap_header;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_info;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_info_cap_iova_range;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_info_cap_migration;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_info_dma_avail;
import io.iommufd4j.bindings.vfio.vfio_iova_range;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.sim.mm.UserBlock;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * {@code VFIO_IOMMU_GET_INFO}: page sizes, and a list of capabilities behind the structure where
 * there is room for all of them.
 */
final class Type1Capabilities {

  private static final long INFO = vfio_iommu_type1_info.sizeof();
  private static final long MIGRATION = vfio_iommu_type1_info_cap_migration.sizeof();

  /** Each starts at a multiple of 8. */
  private static final long AVAIL = 16;

  private static final long RANGES = vfio_iommu_type1_info_cap_iova_range.sizeof();
  private static final long RANGE = vfio_iova_range.sizeof();

  private final Type1Iommu iommu;

  Type1Capabilities(Type1Iommu iommu) {
    this.iommu = iommu;
  }

  /** {@code vfio_iommu_type1_get_info}: EFAULT, EINVAL for a short structure. */
  void info(long argument) {
    var block = new UserBlock(iommu.memory(), argument);
    MemorySegment info = block.take(Request.VFIO_IOMMU_GET_INFO);
    long caller = Integer.toUnsignedLong(vfio_iommu_type1_info.argsz(info));
    vfio_iommu_type1_info.flags(info, VFIO_IOMMU_INFO_PGSIZES() | VFIO_IOMMU_INFO_CAPS());
    vfio_iommu_type1_info.iova_pgsizes(info, iommu.pageSizes());
    MemorySegment all = capabilities(iommu.usable());
    if (caller < INFO + all.byteSize()) {
      vfio_iommu_type1_info.argsz(info, (int) (INFO + all.byteSize()));
    } else {
      iommu.memory().copyOut(argument + INFO, all);
      vfio_iommu_type1_info.cap_offset(info, (int) INFO);
    }
    block.copyOut(info, Math.min(caller, INFO));
  }

  private MemorySegment capabilities(List<Type1Ranges.Range> ranges) {
    MemorySegment all =
        UserBlock.room(MIGRATION + AVAIL + (ranges.isEmpty() ? 0 : RANGES + RANGE * ranges.size()));
    MemorySegment migration = all.asSlice(0, MIGRATION);
    header(migration, VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION(), INFO + MIGRATION);
    vfio_iommu_type1_info_cap_migration.pgsize_bitmap(migration, iommu.smallestPage());
    vfio_iommu_type1_info_cap_migration.max_dirty_bitmap_size(migration, DirtyBits.MOST_BYTES);
    MemorySegment avail = all.asSlice(MIGRATION, AVAIL);
    header(
        avail, VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL(), ranges.isEmpty() ? 0 : INFO + MIGRATION + AVAIL);
    vfio_iommu_type1_info_dma_avail.avail(avail, iommu.available());
    if (!ranges.isEmpty()) {
      describe(ranges, all.asSlice(MIGRATION + AVAIL));
    }
    return all;
  }

  private static void describe(List<Type1Ranges.Range> ranges, MemorySegment list) {
    header(list, VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE(), 0);
    vfio_iommu_type1_info_cap_iova_range.nr_iovas(list, ranges.size());
    for (int i = 0; i < ranges.size(); i++) {
      MemorySegment range = list.asSlice(RANGES + i * RANGE, RANGE);
      vfio_iova_range.start(range, ranges.get(i).first());
      vfio_iova_range.end(range, ranges.get(i).last());
    }
  }

  private static void header(MemorySegment capability, int id, long next) {
    vfio_info_cap_header.id(capability, (short) id);
    vfio_info_cap_header.version(capability, (short) 1);
    vfio_info_cap_header.next(capability, (int) next);
  }
}
