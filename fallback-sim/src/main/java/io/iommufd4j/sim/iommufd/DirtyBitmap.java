package io.iommufd4j.sim.iommufd;

import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * A bitmap in user memory, a bit for each IOVA page ({@code struct iova_bitmap}). Bits are set,
 * never cleared; where the memory cannot be written they are lost in silence, as in the kernel.
 */
final class DirtyBitmap {

  private final UserMemory memory;
  private final long address;
  private final long base;
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
   * @param pageSize bytes of IOVA that a bit stands for; the lowest power of two in it counts
   */
  DirtyBitmap(UserMemory memory, long address, long base, long pageSize) {
    this.memory = memory;
    this.address = address;
    this.base = base;
    this.shift = Long.numberOfTrailingZeros(pageSize);
    this.window = address & -UserMemory.PAGE_SIZE;
  }

  /** Sets the bits of a range of IOVAs; {@link #flush} writes them. */
  void set(long iova, long bytes) {
    long first = (iova - base) >>> shift;
    long last = (iova - base + bytes - 1) >>> shift;
    for (long bit = first; bit <= last; bit++) {
      long at = address + (bit >>> 3);
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

  /** Writes what is pending. */
  void flush() {
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
