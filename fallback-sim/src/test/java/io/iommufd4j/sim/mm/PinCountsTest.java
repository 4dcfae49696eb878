// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.mm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs of equally often pinned pages, against a count for each page. */
class PinCountsTest {

  private static final int PAGES = 60;

  private record Range(int first, int pages) {}

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void asPageByPage(long seed) {
    var random = new Random(seed);
    var counts = new PinCounts();
    var model = new int[PAGES + 1];
    List<Range> pinned = new ArrayList<>();
    for (int step = 0; step < 2000; step++) {
      boolean pin = pinned.isEmpty() || (pinned.size() < 12 && random.nextBoolean());
      Range range;
      if (pin) {
        int first = random.nextInt(PAGES - 8);
        range = new Range(first, 1 + random.nextInt(8));
        pinned.add(range);
      } else {
        range = pinned.remove(random.nextInt(pinned.size()));
      }
      counts.add(range.first, range.pages, pin ? 1 : -1);
      for (int page = range.first; page < range.first + range.pages; page++) {
        model[page] += pin ? 1 : -1;
      }
      assertSame(model, counts);
    }
    pinned.forEach(range -> counts.add(range.first, range.pages, -1));
    assertTrue(counts.isEmpty(), "runs that are alike are joined");
  }

  private static void assertSame(int[] model, PinCounts counts) {
    for (int page = 0; page < PAGES; page++) {
      assertEquals(model[page], counts.of(page));
      long end = counts.end(page);
      if (end < PAGES) {
        assertTrue(model[(int) end] != model[(int) end - 1], "a run ends where the count changes");
      }
    }
  }
}
