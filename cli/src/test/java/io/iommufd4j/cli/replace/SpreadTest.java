package io.iommufd4j.cli.replace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

final class SpreadTest {

  @Test
  void oneTimeIsAllOfThem() {
    assertEquals(new Spread(7, 7, 7), Spread.of(new long[] {7}));
  }

  @Test
  void ranksAreNearestAndSeen() {
    long[] downwards = LongStream.rangeClosed(1, 200).map(i -> 201 - i).toArray();
    assertEquals(new Spread(1, 100, 198), Spread.of(downwards));
  }

  @Test
  void theTimesAreLeftAsTheyAre() {
    long[] times = {3, 1, 2};
    assertEquals(new Spread(1, 2, 3), Spread.of(times));
    assertEquals(3, times[0]);
  }

  @Test
  void noTimesHaveNoSpread() {
    assertThrows(IllegalArgumentException.class, () -> Spread.of(new long[0]));
  }

  @Test
  void theRatioIsOfTheMedians() {
    var latency = new Latency(3, 3, 0, new Spread(1, 20, 90), new Spread(1, 50, 60));
    assertEquals(2.5, latency.ratio());
  }
}
