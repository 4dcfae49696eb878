// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

import java.util.Arrays;

/**
 * The durations of many runs of the same thing, in nanoseconds.
 *
 * @param minNanos the shortest
 * @param medianNanos the middle one
 * @param p99Nanos the time that 99 of 100 stay within
 */
public record LatencySummary(long minNanos, long medianNanos, long p99Nanos) {

  private static final int PERCENT = 100;

  /**
   * Of single times.
   *
   * @param nanos at least one
   */
  public static LatencySummary of(long[] nanos) {
    return of(nanos, nanos.length);
  }

  /**
   * Of the first of them.
   *
   * @param count at least one
   */
  static LatencySummary of(long[] nanos, int count) {
    if (count == 0) {
      throw new IllegalArgumentException("a summary is of at least one time");
    }
    long[] sorted = Arrays.copyOf(nanos, count);
    Arrays.sort(sorted);
    return new LatencySummary(sorted[0], rank(sorted, 50), rank(sorted, 99));
  }

  /** Nearest rank: always a time that was measured. */
  private static long rank(long[] sorted, int percent) {
    int rank = Math.toIntExact(Math.ceilDiv((long) sorted.length * percent, PERCENT));
    return sorted[rank - 1];
  }
}
