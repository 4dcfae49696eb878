// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.command;

import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.bindings.vfio.vfio_info_cap_header;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_info;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_info_cap_iova_range;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_info_dma_avail;
import io.iommufd4j.bindings.vfio.vfio_iova_range;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.sim.iommufd.Ioas;
import io.iommufd4j.sim.iommufd.IommufdContext;
import io.iommufd4j.sim.iommufd.ioas.Iova;
import io.iommufd4j.sim.iommufd.ioas.ReservedIovas;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import java.lang.foreign.MemorySegment;

/**
 * {@code VFIO_IOMMU_GET_INFO}: the page sizes, and behind them a chain of two capabilities, how
 * many mappings there may be and which IOVAs. Each is written only where it fits.
 */
final class VfioCompatInfo {

  private static final long INFO = vfio_iommu_type1_info.sizeof();
  private static final long AVAIL = vfio_iommu_type1_info_dma_avail.avail$offset() + Integer.BYTES;
  private static final long RANGES = vfio_iommu_type1_info_cap_iova_range.sizeof();

  private VfioCompatInfo() {}

  /** EFAULT, EINVAL for a short structure, ENODEV without an IOAS. */
  static void get(IommufdContext context, long address) {
    UserMemory memory = context.memory();
    MemorySegment info = block(INFO);
    long minimum = Request.VFIO_IOMMU_GET_INFO.minimumBytes();
    memory.copyIn(address, info.asSlice(0, minimum));
    long room = Integer.toUnsignedLong(vfio_iommu_type1_info.argsz(info));
    if (room < minimum) {
      throw Refused.with(Errno.EINVAL);
    }
    Ioas ioas = context.getCompatibleIoas();
    try {
      vfio_iommu_type1_info.flags(
          info, vfio_h.VFIO_IOMMU_INFO_PGSIZES() | vfio_h.VFIO_IOMMU_INFO_CAPS());
      vfio_iommu_type1_info.iova_pgsizes(info, pageSizes(ioas));
      ioas.table.withUnreserved((holes, alignment) -> {
        long second = INFO + aligned(AVAIL);
        writeAvail(memory, address + INFO, room - INFO);
        long ranges = writeRanges(memory, address + second, room - second, holes);
        if (room >= second) {
          writeNext(memory, address + INFO, second);
        }
        long total = second + aligned(ranges);
        vfio_iommu_type1_info.cap_offset(info, room >= total ? (int) INFO : 0);
        vfio_iommu_type1_info.argsz(info, (int) total);
        memory.copyOut(address, info.asSlice(0, Math.min(room, INFO)));
      });
    } finally {
      context.objects().put(ioas);
    }
  }

  /** {@code iommufd_get_pagesizes}: what is smaller than a page counts as one. */
  private static long pageSizes(Ioas ioas) {
    long sizes = ioas.table.pageSizes();
    if ((sizes & (UserMemory.PAGE_SIZE - 1)) != 0) {
      sizes = (sizes & -UserMemory.PAGE_SIZE) | UserMemory.PAGE_SIZE;
    }
    return Iova.max(sizes, ioas.table.alignment());
  }

  private static void writeAvail(UserMemory memory, long address, long room) {
    if (room < AVAIL) {
      return;
    }
    MemorySegment capability = block(AVAIL);
    header(capability, vfio_h.VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL());
    vfio_iommu_type1_info_dma_avail.avail(capability, -1);
    memory.copyOut(address, capability);
  }

  private static long writeRanges(
      UserMemory memory, long address, long room, ReservedIovas.Holes holes) {
    MemorySegment range = block(vfio_iova_range.sizeof());
    int count = 0;
    while (holes.next()) {
      long at = RANGES + count * vfio_iova_range.sizeof();
      count++;
      if (room >= at + vfio_iova_range.sizeof()) {
        vfio_iova_range.start(range, holes.start());
        vfio_iova_range.end(range, holes.last());
        memory.copyOut(address + at, range);
      }
    }
    long size = RANGES + count * vfio_iova_range.sizeof();
    if (room >= size) {
      MemorySegment capability = block(RANGES);
      header(capability, vfio_h.VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE());
      vfio_iommu_type1_info_cap_iova_range.nr_iovas(capability, count);
      memory.copyOut(address, capability);
    }
    return size;
  }

  private static void header(MemorySegment capability, int id) {
    vfio_info_cap_header.id(capability, (short) id);
    vfio_info_cap_header.version(capability, (short) 1);
  }

  private static void writeNext(UserMemory memory, long address, long next) {
    MemorySegment header = block(vfio_info_cap_header.sizeof());
    vfio_info_cap_header.next(header, (int) next);
    memory.copyOut(
        address + vfio_info_cap_header.next$offset(),
        header.asSlice(vfio_info_cap_header.next$offset(), Integer.BYTES));
  }

  private static long aligned(long bytes) {
    return (bytes + Long.BYTES - 1) & -Long.BYTES;
  }

  private static MemorySegment block(long bytes) {
    return MemorySegment.ofArray(new long[(int) ((bytes + 7) / 8)]).asSlice(0, bytes);
  }
}
