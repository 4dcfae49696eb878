// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.switching;

import io.iommufd4j.uapi.IovaRange;
import io.iommufd4j.uapi.IovaRanges;
import java.util.Arrays;

/** Places areas of one size among the IOVAs that an IOAS can map. */
final class AreaLayout {

  /** Low addresses are left alone: a stray transaction to 0 should not land in an area. */
  private static final long START = 1L << 24;

  private AreaLayout() {}

  /**
   * The IOVAs of the lowest areas, ascending, each a multiple of the size; fewer than asked for
   * where no more fit.
   *
   * @param bytes of an area, a power of two
   */
  static long[] of(IovaRanges ranges, int count, long bytes) {
    long[] iovas = new long[count];
    int placed = 0;
    for (IovaRange range : ranges.ranges()) {
      long from = Math.max(range.start(), START);
      if (range.start() < 0) {
        // The upper half of 64 bits: the lower one has room for all that is asked for.
        break;
      }
      long iova = Math.ceilDiv(from, bytes) * bytes;
      while (placed < count && range.contains(iova) && range.contains(iova + bytes - 1)) {
        iovas[placed++] = iova;
        iova += bytes;
      }
    }
    return placed == count ? iovas : Arrays.copyOf(iovas, placed);
  }
}
