// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.domain;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.same;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.iommufd4j.conformance.selftest.driver.SelftestFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Every other leaf of a range is written to, by its first unit alone: a leaf has one dirty bit, so
 * the map has all units of that leaf, and none of the next one.
 *
 * @param bytes length of the range
 * @param unit bytes that a bit of the map stands for
 * @param leaf bytes that a leaf of the page table maps
 */
record DirtyPattern(long bytes, long unit, long leaf) {

  private int bits() {
    return (int) (bytes / unit);
  }

  /** Bytes that the map of the range takes. */
  long bitmapBytes() {
    return (bits() + Byte.SIZE - 1L) / Byte.SIZE;
  }

  /**
   * Marks the leaves, and reads twice which are marked.
   *
   * @param bitmap where the maps are written to
   * @param flags {@code IOMMU_HWPT_GET_DIRTY_BITMAP_*}: whether reading clears the marks
   */
  void check(SelftestFile file, int hwpt, long iova, MemorySegment bitmap, int flags) {
    int units = (int) (leaf / unit);
    int step = 2 * units;
    var written = new BitSet();
    var told = new BitSet();
    for (int bit = 0; bit < bits(); bit += step) {
      written.set(bit);
      told.set(bit, bit + units);
    }
    MemorySegment.copy(bytes(written), 0, bitmap, ValueLayout.JAVA_BYTE, 0, (int) bitmapBytes());
    long marked = Math.max(1, bits() / step);
    same(marked, file.mock().dirty(hwpt, iova, bytes, unit, bitmap));

    assertArrayEquals(bytes(told), read(file, hwpt, iova, bitmap, flags), "the first time");
    boolean again = (flags & IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR()) != 0;
    assertArrayEquals(
        bytes(again ? told : new BitSet()), read(file, hwpt, iova, bitmap, flags), "again");
  }

  private byte[] read(SelftestFile file, int hwpt, long iova, MemorySegment bitmap, int flags) {
    bitmap.fill((byte) 0);
    ok(file.objects().dirtyBitmap(hwpt, iova, bytes, unit, bitmap, flags));
    return bitmap.toArray(ValueLayout.JAVA_BYTE);
  }

  private byte[] bytes(BitSet bits) {
    return Arrays.copyOf(bits.toByteArray(), (int) bitmapBytes());
  }
}
