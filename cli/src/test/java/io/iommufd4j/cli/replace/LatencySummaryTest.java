// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

final class LatencySummaryTest {

  @Test
  void oneTimeIsAllOfThem() {
    assertEquals(new LatencySummary(7, 7, 7), LatencySummary.of(new long[] {7}));
  }

  @Test
  void ranksAreNearestAndSeen() {
    long[] downwards = LongStream.rangeClosed(1, 200).map(i -> 201 - i).toArray();
    assertEquals(new LatencySummary(1, 100, 198), LatencySummary.of(downwards));
  }

  @Test
  void theTimesAreLeftAsTheyAre() {
    long[] times = {3, 1, 2};
    assertEquals(new LatencySummary(1, 2, 3), LatencySummary.of(times));
    assertEquals(3, times[0]);
  }

  @Test
  void noTimesHaveNoSpread() {
    assertThrows(IllegalArgumentException.class, () -> LatencySummary.of(new long[0]));
  }

  @Test
  void theRatioIsOfTheMedians() {
    var latency =
        new Latency(3, 3, 0, new LatencySummary(1, 20, 90), new LatencySummary(1, 50, 60));
    assertEquals(2.5, latency.ratio());
  }
}
