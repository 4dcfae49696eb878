package io.iommufd4j;

import java.util.BitSet;
import java.util.stream.LongStream;

/** The pages of a range of IOVAs that DMA wrote. */
public final class DirtyBitmap {

  private final long iova;
  private final long pageSize;
  private final int pages;
  private final BitSet dirty;

  /** Takes the kernel's words: bit 0 of the first word is the page at {@code iova}. */
  DirtyBitmap(long iova, long pageSize, int pages, long[] words) {
    this.iova = iova;
    this.pageSize = pageSize;
    this.pages = pages;
    this.dirty = BitSet.valueOf(words);
  }

  /** The first IOVA of the range. */
  public long iova() {
    return iova;
  }

  /** Bytes in a page of this bitmap. */
  public long pageSize() {
    return pageSize;
  }

  /** Pages in the range. */
  public int pages() {
    return pages;
  }

  /** The number of pages that DMA wrote. */
  public int dirtyPages() {
    return dirty.cardinality();
  }

  /**
   * True if DMA wrote to the page that holds an IOVA.
   *
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

  /** The IOVAs of the pages that DMA wrote, in ascending order. */
  public LongStream dirtyIovas() {
    return dirty.stream().mapToLong(page -> iova + page * pageSize);
  }
}
