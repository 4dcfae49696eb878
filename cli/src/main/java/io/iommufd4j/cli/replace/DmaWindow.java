// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

import io.iommufd4j.pci.ReservedRegion;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.LongStream;

/** Finds IOVAs for the buffers: within every device's reach, and outside of what is reserved. */
final class DmaWindow {

  /** QEMU's edu drives 28 address bits; anything within its reach is within any other's. */
  private static final long END = 1L << 28;

  private static final long STEP = 1L << 20;

  /** Low addresses are left alone: a stray transaction to 0 should not land in a buffer. */
  private static final long START = 16 * STEP;

  private DmaWindow() {}

  /** The lowest fit for so many bytes, a multiple of 1 MiB. */
  static OptionalLong find(long bytes, List<ReservedRegion> reserved) {
    return LongStream.iterate(START, iova -> iova + bytes <= END, iova -> iova + STEP)
        .filter(iova -> reserved.stream().noneMatch(region -> overlaps(region, iova, bytes)))
        .findFirst();
  }

  private static boolean overlaps(ReservedRegion region, long iova, long bytes) {
    return Long.compareUnsigned(region.first(), iova + bytes - 1) <= 0
        && Long.compareUnsigned(iova, region.last()) <= 0;
  }
}
