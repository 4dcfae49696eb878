// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio.type1;

import io.iommufd4j.bindings.vfio.vfio_bitmap;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserBlock;
import io.iommufd4j.sim.mm.UserMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * User space's bitmap of pages that were written ({@code struct vfio_bitmap}).
 *
 * @param page bytes that a bit stands for
 * @param address of bit 0
 */
record DirtyBits(UserMemory memory, long page, long address) {

  /** {@code DIRTY_BITMAP_SIZE_MAX}. */
  static final long MOST_BYTES = 1L << 28;

  /**
   * As a request gives it.
   *
   * @param covered bytes of IOVA that it is to tell of
   * @throws Refused EINVAL when it is too small or too large for that, or not user space's
   */
  static DirtyBits of(UserMemory memory, MemorySegment bitmap, long covered) {
    long page = vfio_bitmap.pgsize(bitmap);
    long bytes = vfio_bitmap.size(bitmap);
    long address = vfio_bitmap.data(bitmap).address();
    long pages = page == 0 ? 0 : covered >>> Long.numberOfTrailingZeros(page);
    long needed = Math.ceilDiv(pages, Long.SIZE) * Long.BYTES;
    if (address < 0
        || address + bytes < address
        || pages == 0
        || bytes == 0
        || Long.compareUnsigned(bytes, MOST_BYTES) > 0
        || Long.compareUnsigned(bytes, needed) < 0) {
      throw Refused.with(Errno.EINVAL);
    }
    return new DirtyBits(memory, page, address);
  }

  /**
   * {@code update_user_bitmap}: sets the bits of a piece, and clears those behind it in its last
   * word.
   *
   * @param offset where the piece starts, from bit 0's byte
   * @throws Refused EFAULT
   */
  void set(long offset, long bytes) {
    long first = offset / page;
    long count = bytes / page;
    int shift = (int) (first % Long.SIZE);
    int words = (int) Math.ceilDiv(count + shift, Long.SIZE);
    long at = address + first / Long.SIZE * Long.BYTES;
    MemorySegment bits = UserBlock.room((long) words * Long.BYTES);
    if (shift > 0) {
      memory.copyIn(at, bits.asSlice(0, Long.BYTES));
      long before = bits.get(ValueLayout.JAVA_LONG, 0) & ((1L << shift) - 1);
      bits.set(ValueLayout.JAVA_LONG, 0, before);
    }
    for (long bit = shift; bit < shift + count; bit++) {
      long word = bit / Long.SIZE * Long.BYTES;
      bits.set(ValueLayout.JAVA_LONG, word, bits.get(ValueLayout.JAVA_LONG, word) | 1L << bit);
    }
    memory.copyOut(at, bits);
  }
}
