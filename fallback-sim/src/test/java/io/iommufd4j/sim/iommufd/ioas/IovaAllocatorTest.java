// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.ioas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Places and gaps, against a model that looks at every page. */
class IovaAllocatorTest {

  private static final long PAGE = 4096;
  private static final int PAGES = 600;

  private final AreaTree areas = new AreaTree();
  private final ReservedIovas reserved = new ReservedIovas();

  @Test
  void theFirstPageIsNeverChosen() {
    assertEquals(PAGE, choose(AllowedIovas.ANY, PAGE, PAGE));
    // Aligned as the memory is, up to a huge page.
    assertEquals(2 << 20, choose(AllowedIovas.ANY, 8 << 20, 4 << 20));
    assertEquals(0x8000, choose(AllowedIovas.ANY, 0x8000, 0x8000));
    assertEquals(0x1100, choose(AllowedIovas.ANY, 0x7100, 0x200));
  }

  @Test
  void refusals() {
    assertEquals(Errno.EOVERFLOW, errno(() -> choose(AllowedIovas.ANY, 0, Long.MAX_VALUE)));
    assertEquals(Errno.EINVAL, errno(() -> choose(AllowedIovas.ANY, 0x100, PAGE)));
    reserved.add(0, -1, this);
    assertEquals(Errno.ENOSPC, errno(() -> choose(AllowedIovas.ANY, 0, PAGE)));
  }

  private static Errno errno(Executable what) {
    return assertThrows(Refused.class, what).errno();
  }

  private long choose(AllowedIovas allowed, long start, long length) {
    long required = start % PAGE == 0 ? 1 : Math.min(256, PAGE);
    return IovaAllocator.choose(
        areas, reserved, allowed, start, length, start == 0x100 ? PAGE : required);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void theLowestPlaceThatFits(long seed) {
    Random random = new Random(seed);
    boolean[] used = new boolean[PAGES];
    NavigableMap<Long, Long> allowed = new TreeMap<>(Long::compareUnsigned);
    boolean[] open = new boolean[PAGES];
    for (int i = 1; i < PAGES - 80; i += 20 + random.nextInt(60)) {
      int end = i + random.nextInt(20);
      if (seed % 2 == 0) {
        allowed.put(i * PAGE, (end + 1) * PAGE - 1);
      }
      Arrays.fill(open, i, end + 1, true);
    }
    if (allowed.isEmpty()) {
      Arrays.fill(open, true);
    }
    reserved.add(PAGES * PAGE, -1, this);
    for (int i = 0; i < 4; i++) {
      int at = random.nextInt(PAGES - 8);
      int length = 1 + random.nextInt(8);
      reserved.add(at * PAGE, (at + length) * PAGE - 1, this);
      Arrays.fill(used, at, at + length, true);
    }
    List<Area> mapped = new ArrayList<>();
    for (int step = 0; step < 3000; step++) {
      if (!mapped.isEmpty() && random.nextInt(5) < 2) {
        Area area = mapped.remove(random.nextInt(mapped.size()));
        areas.remove(area);
        Arrays.fill(used, (int) (area.iova / PAGE), (int) (area.last / PAGE) + 1, false);
        assertNull(areas.first(area.iova, area.last));
        continue;
      }
      int pages = 1 + random.nextInt(6);
      long alignment = PAGE << random.nextInt(4);
      int expected = lowest(used, open, pages, Math.min(alignment, ceiling(pages)));
      if (expected < 0) {
        Errno errno = errno(() -> choose(new AllowedIovas(allowed), alignment, pages * PAGE));
        assertEquals(Errno.ENOSPC, errno);
        continue;
      }
      long iova = choose(new AllowedIovas(allowed), alignment, pages * PAGE);
      assertEquals(expected * PAGE, iova, "seed " + seed + " step " + step);
      Area area = new Area(iova, pages * PAGE, 0, 0);
      areas.insert(area);
      mapped.add(area);
      Arrays.fill(used, expected, expected + pages, true);
    }
  }

  private static long ceiling(int pages) {
    return PAGE * (pages == 1 ? 1 : Integer.highestOneBit(pages - 1) << 1);
  }

  private static int lowest(boolean[] used, boolean[] open, int pages, long alignment) {
    int step = (int) (alignment / PAGE);
    for (int at = step; at + pages <= PAGES; at += step) {
      boolean free = true;
      for (int i = at; i < at + pages; i++) {
        free &= !used[i] && open[i];
      }
      if (free) {
        return at;
      }
    }
    return -1;
  }
}
