// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j;

import java.util.BitSet;
import java.util.stream.LongStream;

/** The pages of a range of IOVAs that DMA wrote. */
public final class DirtyBitmap {

  private final long iova;
  private final long pageSize;
  private final int pages;
  private final BitSet dirty;

  /**
   * Takes the kernel's words.
   *
   * @param iova the first IOVA of the range
   * @param pageSize bytes in a page of the bitmap
   * @param pages in the range
   * @param words bit 0 of the first is the page at {@code iova}
   */
  public DirtyBitmap(long iova, long pageSize, int pages, long[] words) {
    this.iova = iova;
    this.pageSize = pageSize;
    this.pages = pages;
    this.dirty = BitSet.valueOf(words);
  }

  /** {@return the first IOVA of the range} */
  public long iova() {
    return iova;
  }

  /** {@return bytes in a page of this bitmap} */
  public long pageSize() {
    return pageSize;
  }

  /** {@return pages in the range} */
  public int pages() {
    return pages;
  }

  /** {@return the number of pages that DMA wrote} */
  public int dirtyPages() {
    return dirty.cardinality();
  }

  /**
   * {@return true if DMA wrote to the page that holds an IOVA}
   *
   * @param address any IOVA of the page
   * @throws IndexOutOfBoundsException for an IOVA outside of the range
   */
  public boolean isDirty(long address) {
    long page = Long.divideUnsigned(address - iova, pageSize);
    if (page < 0 || page >= pages) {
      throw new IndexOutOfBoundsException(
          "the bitmap does not cover IOVA 0x" + Long.toHexString(address));
    }
    return dirty.get((int) page);
  }

  /** {@return the IOVAs of the pages that DMA wrote, in ascending order} */
  public LongStream dirtyIovas() {
    return dirty.stream().mapToLong(page -> iova + page * pageSize);
  }
}
