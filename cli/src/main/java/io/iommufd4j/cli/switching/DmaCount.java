// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.switching;

/**
 * The DMA transfers of a while.
 *
 * @param arrived transfers whose bytes arrived in memory that was mapped at the time
 * @param lost transfers of which nothing arrived
 * @param wrong transfers whose bytes arrived in part, or in memory that was not mapped any more
 * @param longestGapNanos the longest time between one transfer that arrived and the next one
 */
public record DmaCount(long arrived, long lost, long wrong, long longestGapNanos) {

  /** Nothing was looked at. */
  static final DmaCount NONE = new DmaCount(0, 0, 0, 0);

  /** All transfers. */
  public long all() {
    return arrived + lost + wrong;
  }
}
