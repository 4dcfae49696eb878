// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.ioas;

import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * A bitmap in user memory, a bit for each IOVA page ({@code struct iova_bitmap}). Bits are set,
 * never cleared; where the memory cannot be written they are lost in silence, as in the kernel.
 */
public final class DirtyBitmap {

  private final UserMemory memory;
  private final long address;
  private final long base;
  private final long last;
  private final int shift;
  private final byte[] pending = new byte[UserMemory.PAGE_SIZE];
  private long window;
  private int lowest = pending.length;
  private int highest = -1;

  /**
   * A bitmap that starts with an IOVA.
   *
   * @param address where its first byte is
   * @param base the IOVA of bit 0
   * @param last the inclusive last IOVA that it has a bit for
   * @param pageSize bytes of IOVA that a bit stands for; the lowest power of two in it counts
   */
  public DirtyBitmap(UserMemory memory, long address, long base, long last, long pageSize) {
    this.memory = memory;
    this.address = address;
    this.base = base;
    this.last = last;
    this.shift = Long.numberOfTrailingZeros(pageSize);
    this.window = address & -UserMemory.PAGE_SIZE;
  }

  /**
   * {@code iova_bitmap_set}: sets the bits of a range of IOVAs; {@link #flush} writes them. A range
   * that starts before the bitmap is lost; how much is set of one that ends behind it follows the
   * kernel's.
   */
  void set(long iova, long bytes) {
    if (Iova.below(iova, base)) {
      return;
    }
    long lastIova = iova + bytes - 1;
    long bit = (iova - base) >>> shift;
    long end = Iova.above(lastIova, last) ? pagesEnd(bit >>> 3) : Long.MAX_VALUE;
    for (; bit <= (lastIova - base) >>> shift; bit++) {
      long at = address + (bit >>> 3);
      if (at >= end) {
        return;
      }
      if (at - window < 0 || at - window >= pending.length) {
        flush();
        window = at & -UserMemory.PAGE_SIZE;
      }
      int index = (int) (at - window);
      pending[index] |= (byte) (1 << (bit & 7));
      lowest = Math.min(lowest, index);
      highest = Math.max(highest, index);
    }
  }

  /** The end address of the pages that the kernel pins from a byte of the bitmap on. */
  private long pagesEnd(long index) {
    long start = address + index;
    long left = ((last - base) >>> (shift + 3)) + 1 - index;
    long pages = (left + UserMemory.PAGE_SIZE - 1) / UserMemory.PAGE_SIZE;
    long offset = start & (UserMemory.PAGE_SIZE - 1);
    return start - offset + (pages + (offset == 0 ? 0 : 1)) * UserMemory.PAGE_SIZE;
  }

  /** Writes what is pending. */
  public void flush() {
    if (highest < 0) {
      return;
    }
    MemorySegment bytes = MemorySegment.ofArray(new byte[highest - lowest + 1]);
    try {
      memory.copyIn(window + lowest, bytes);
      for (int i = lowest; i <= highest; i++) {
        byte before = bytes.get(ValueLayout.JAVA_BYTE, i - lowest);
        bytes.set(ValueLayout.JAVA_BYTE, i - lowest, (byte) (before | pending[i]));
      }
      memory.copyOut(window + lowest, bytes);
    } catch (Refused unwritable) {
      // The request succeeds all the same: iova_bitmap_set has nobody to tell.
    }
    Arrays.fill(pending, (byte) 0);
    lowest = pending.length;
    highest = -1;
  }
}
