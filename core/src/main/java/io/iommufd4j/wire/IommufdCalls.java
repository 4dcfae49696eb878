// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.wire;

import io.iommufd4j.bindings.iommufd.iommu_destroy;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_alloc;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_invalidate;
import io.iommufd4j.bindings.iommufd.iommu_ioas_alloc;
import io.iommufd4j.bindings.iommufd.iommu_ioas_iova_ranges;
import io.iommufd4j.bindings.iommufd.iommu_iova_range;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.data.HwptSpec;
import io.iommufd4j.data.InvalidationBlock;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.uapi.DeviceId;
import io.iommufd4j.uapi.HwptFlag;
import io.iommufd4j.uapi.HwptParentId;
import io.iommufd4j.uapi.IoasId;
import io.iommufd4j.uapi.IovaRange;
import io.iommufd4j.uapi.IovaRanges;
import io.iommufd4j.uapi.ObjectId;
import io.iommufd4j.uapi.PageTableId;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** The iommufd requests that handles make and that hints make as well. */
public final class IommufdCalls {

  private static final int FIRST_GUESS = 32;

  private IommufdCalls() {}

  /**
   * {@code IOMMU_IOAS_ALLOC}.
   *
   * @param iommufd an open {@code /dev/iommu}
   * @return the id of an empty IOAS
   * @throws io.iommufd4j.error.KernelException {@code ENOMEM}
   */
  public static int newIoas(KernelFile iommufd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = iommu_ioas_alloc.allocate(arena);
      iommu_ioas_alloc.size(block, (int) block.byteSize());
      iommufd.ioctl(Request.IOMMU_IOAS_ALLOC, block, null);
      return iommu_ioas_alloc.out_ioas_id(block);
    }
  }

  /**
   * {@code IOMMU_HWPT_ALLOC} without driver data.
   *
   * @param iommufd an open {@code /dev/iommu}
   * @param device bound to that iommufd
   * @param parent an IOAS, or the HWPT to nest in
   * @param flags {@code IOMMU_HWPT_ALLOC_*}
   * @return the id of a HWPT, or −errno
   */
  public static int newHwpt(KernelFile iommufd, DeviceId device, PageTableId parent, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = iommu_hwpt_alloc.allocate(arena);
      iommu_hwpt_alloc.size(block, (int) block.byteSize());
      iommu_hwpt_alloc.flags(block, flags);
      iommu_hwpt_alloc.dev_id(block, device.value());
      iommu_hwpt_alloc.pt_id(block, parent.value());
      iommu_hwpt_alloc.data_type(block, iommufd_h.IOMMU_HWPT_DATA_NONE());
      int result = iommufd.tryIoctl(Request.IOMMU_HWPT_ALLOC, block);
      return result < 0 ? result : iommu_hwpt_alloc.out_hwpt_id(block);
    }
  }

  /**
   * {@code IOMMU_HWPT_ALLOC} with all that it takes.
   *
   * @param iommufd an open {@code /dev/iommu}
   * @param device bound to that iommufd
   * @param parent an IOAS, a nesting parent or a vIOMMU
   * @param spec flags, fault queue and driver data
   * @return the id of a HWPT, or −errno
   */
  public static int newHwpt(
      KernelFile iommufd, DeviceId device, HwptParentId parent, HwptSpec spec) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = iommu_hwpt_alloc.allocate(arena);
      MemorySegment data = spec.data().allocate(arena);
      int faults = spec.faultQueue().isPresent() ? iommufd_h.IOMMU_HWPT_FAULT_ID_VALID() : 0;
      iommu_hwpt_alloc.size(block, (int) block.byteSize());
      iommu_hwpt_alloc.flags(block, HwptFlag.bits(spec.flags()) | faults);
      iommu_hwpt_alloc.dev_id(block, device.value());
      iommu_hwpt_alloc.pt_id(block, parent.value());
      iommu_hwpt_alloc.data_type(block, spec.data().type());
      iommu_hwpt_alloc.data_len(block, (int) data.byteSize());
      iommu_hwpt_alloc.data_uptr(block, data.address());
      spec.faultQueue().ifPresent(queue -> iommu_hwpt_alloc.fault_id(block, queue.value()));
      int result = iommufd.tryIoctl(Request.IOMMU_HWPT_ALLOC, block);
      return result < 0 ? result : iommu_hwpt_alloc.out_hwpt_id(block);
    }
  }

  /**
   * {@code IOMMU_HWPT_INVALIDATE}. Allocates nothing.
   *
   * @param iommufd an open {@code /dev/iommu}
   * @param object a nested HWPT or a vIOMMU
   * @param entries in a format of its driver
   * @return 0, or −errno; {@link #handled} tells how many entries were handled either way
   */
  public static int invalidate(KernelFile iommufd, ObjectId object, InvalidationBlock entries) {
    MemorySegment block = RequestBlocks.ofThread().invalidate;
    iommu_hwpt_invalidate.size(block, (int) block.byteSize());
    iommu_hwpt_invalidate.hwpt_id(block, object.value());
    iommu_hwpt_invalidate.data_uptr(block, entries.memory().address());
    iommu_hwpt_invalidate.data_type(block, entries.type());
    iommu_hwpt_invalidate.entry_len(block, entries.entryBytes());
    iommu_hwpt_invalidate.entry_num(block, entries.count());
    return iommufd.tryIoctl(Request.IOMMU_HWPT_INVALIDATE, block);
  }

  /** {@return the entries that this thread's last invalidation handled, refused or not} */
  public static int handled() {
    return iommu_hwpt_invalidate.entry_num(RequestBlocks.ofThread().invalidate);
  }

  /**
   * {@code IOMMU_DESTROY}.
   *
   * @param iommufd an open {@code /dev/iommu}
   * @param id of an object of any kind
   * @return 0, or −errno: {@code EBUSY} while another object uses it, {@code ENOENT} without it
   */
  public static int destroy(KernelFile iommufd, int id) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = iommu_destroy.allocate(arena);
      iommu_destroy.size(block, (int) block.byteSize());
      iommu_destroy.id(block, id);
      return iommufd.tryIoctl(Request.IOMMU_DESTROY, block);
    }
  }

  /**
   * {@code IOMMU_IOAS_IOVA_RANGES}, asked again with more room until all ranges fit.
   *
   * @param iommufd an open {@code /dev/iommu}
   * @param id of the IOAS
   * @return all ranges, in ascending order
   * @throws io.iommufd4j.error.KernelException {@code ENOENT} without this IOAS
   */
  public static IovaRanges iovaRanges(KernelFile iommufd, IoasId id) {
    int capacity = FIRST_GUESS;
    while (true) {
      try (Arena arena = Arena.ofConfined()) {
        // The array lies behind the struct in one block, so that all the kernel writes is lent.
        long header = iommu_ioas_iova_ranges.sizeof();
        MemorySegment block = withRanges(arena, header, capacity);
        MemorySegment array = block.asSlice(header);
        iommu_ioas_iova_ranges.size(block, (int) header);
        iommu_ioas_iova_ranges.ioas_id(block, id.value());
        iommu_ioas_iova_ranges.num_iovas(block, capacity);
        iommu_ioas_iova_ranges.allowed_iovas(block, array.address());
        int result = iommufd.tryIoctl(Request.IOMMU_IOAS_IOVA_RANGES, block);
        int count = iommu_ioas_iova_ranges.num_iovas(block);
        if (result == Errno.EMSGSIZE.negated() && count > capacity) {
          capacity = count;
          continue;
        }
        if (result < 0) {
          throw iommufd.refused(Request.IOMMU_IOAS_IOVA_RANGES, result, id);
        }
        return new IovaRanges(
            ranges(array, count), iommu_ioas_iova_ranges.out_iova_alignment(block));
      }
    }
  }

  private static List<IovaRange> ranges(MemorySegment array, int count) {
    var ranges = new ArrayList<IovaRange>();
    for (int i = 0; i < count; i++) {
      MemorySegment range = iommu_iova_range.asSlice(array, i);
      ranges.add(new IovaRange(iommu_iova_range.start(range), iommu_iova_range.last(range)));
    }
    return ranges;
  }

  /**
   * {@return a zeroed block for a struct with an array of {@code struct iommu_iova_range} behind
   * it}
   *
   * @param arena owns the block
   * @param header bytes of the struct
   * @param ranges entries of the array
   */
  public static MemorySegment withRanges(Arena arena, long header, int ranges) {
    long bytes = header + ranges * iommu_iova_range.sizeof();
    return arena.allocate(bytes, iommu_iova_range.layout().byteAlignment());
  }
}
