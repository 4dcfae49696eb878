// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.vmm;

import io.iommufd4j.DirtyBitmap;
import io.iommufd4j.Hwpt;
import io.iommufd4j.uapi.IovaRange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Notes the pages that DMA writes through a HWPT: tracking begins before the device comes to it,
 * and the last look is when the device has left, so that no write is missed.
 */
final class DirtyWatch implements NewHwptObserver {

  /** The most characters in a line of the heat map. */
  private static final int CELLS = 64;

  private final List<Region> regions;
  private @Nullable Hwpt hwpt;
  private long start;
  private Duration time = Duration.ZERO;
  private int looks;

  /**
   * Watches.
   *
   * @param ranges mapped without a gap, and multiples of a page
   * @param page bytes
   */
  DirtyWatch(List<IovaRange> ranges, long page) {
    regions = ranges.stream().map(range -> new Region(range, page)).toList();
  }

  @Override
  public void made(Hwpt made) {
    hwpt = made;
    made.dirtyTracking(true);
    start = System.nanoTime();
  }

  @Override
  public void look() {
    Hwpt watched = Objects.requireNonNull(hwpt);
    regions.forEach(region -> region.look(watched));
    looks++;
    time = Duration.ofNanos(System.nanoTime() - start);
  }

  @Override
  public void left() {
    look();
    Objects.requireNonNull(hwpt).dirtyTracking(false);
  }

  /** The pages written so far. */
  WrittenPages written() {
    return new WrittenPages(regions.stream().map(Region::result).toList(), looks, time);
  }

  /** One range, and what was written in it. */
  private static final class Region {

    private final IovaRange range;
    private final long page;
    private final long cellBytes;
    private final long[] heat;
    private final BitSet written = new BitSet();

    Region(IovaRange range, long page) {
      this.range = range;
      this.page = page;
      long bytes = range.last() - range.start() + 1;
      long cell = page;
      while (Math.ceilDiv(bytes, cell) > CELLS) {
        cell *= 2;
      }
      cellBytes = cell;
      heat = new long[(int) Math.ceilDiv(bytes, cell)];
    }

    void look(Hwpt hwpt) {
      DirtyBitmap now = hwpt.dirtyBitmap(range.start(), range.last() - range.start() + 1, page);
      now.dirtyIovas()
          .forEach(iova -> {
            long at = iova - range.start();
            heat[(int) (at / cellBytes)]++;
            written.set((int) (at / page));
          });
    }

    WrittenRegion result() {
      var together = new ArrayList<IovaRange>();
      for (int from = written.nextSetBit(0); from >= 0; ) {
        int to = written.nextClearBit(from);
        together.add(new IovaRange(range.start() + from * page, range.start() + to * page - 1));
        from = written.nextSetBit(to);
      }
      List<Long> cells = Arrays.stream(heat).boxed().toList();
      return new WrittenRegion(range, page, written.cardinality(), cellBytes, cells, together);
    }
  }
}
