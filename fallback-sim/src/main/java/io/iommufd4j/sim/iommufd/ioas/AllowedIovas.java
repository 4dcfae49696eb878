// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.ioas;

import io.iommufd4j.bindings.iommufd.iommu_iova_range;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * The ranges in which the kernel may choose IOVAs ({@code struct iopt_allowed}); they can never
 * become reserved. No range at all allows everything.
 *
 * @param lastByStart inclusive last IOVA by first one; the ranges do not overlap
 */
public record AllowedIovas(NavigableMap<Long, Long> lastByStart) {

  /** Everything is allowed. */
  static final AllowedIovas ANY = new AllowedIovas(Collections.emptyNavigableMap());

  /**
   * Reads {@code struct iommu_iova_range} from user memory ({@code iommufd_ioas_load_iovas}).
   *
   * @param memory of the process that calls
   * @param faults which of the allocations fail
   * @param address of the first
   * @param count unsigned
   * @throws Refused EFAULT for a bad address, EINVAL when a range has no second byte or overlaps
   *     one before, ENOMEM
   */
  public static AllowedIovas read(UserMemory memory, FaultPlan faults, long address, int count) {
    if (count == 0) {
      return ANY;
    }
    var ranges = new TreeMap<Long, Long>(Long::compareUnsigned);
    MemorySegment block = MemorySegment.ofArray(new long[2]);
    long size = iommu_iova_range.sizeof();
    for (long i = 0; i < Integer.toUnsignedLong(count); i++) {
      memory.copyIn(address + i * size, block);
      long start = iommu_iova_range.start(block);
      long last = iommu_iova_range.last(block);
      if (!Iova.below(start, last) || intersects(ranges, start, last)) {
        throw Refused.with(Errno.EINVAL);
      }
      faults.alloc();
      ranges.put(start, last);
    }
    return new AllowedIovas(ranges);
  }

  boolean isAny() {
    return lastByStart.isEmpty();
  }

  boolean intersects(long start, long last) {
    return intersects(lastByStart, start, last);
  }

  private static boolean intersects(NavigableMap<Long, Long> ranges, long start, long last) {
    Map.Entry<Long, Long> below = ranges.isEmpty() ? null : ranges.floorEntry(last);
    return below != null && !Iova.below(below.getValue(), start);
  }
}
