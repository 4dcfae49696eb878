// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.switching;

import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * The cases to measure: each size with each count.
 *
 * @param counts numbers of areas
 * @param sizes bytes of an area, powers of two of at least a page
 * @param ways the ways to time
 * @param time to spend on each way twice: on single switches, and on switches back to back; a
 *     switch that takes longer is made once
 */
public record SwitchOrder(List<Integer> counts, List<Long> sizes, Set<Way> ways, Duration time) {

  /** Copies the collections. */
  public SwitchOrder {
    counts = List.copyOf(counts);
    sizes = List.copyOf(sizes);
    ways = Set.copyOf(ways);
  }

  /** The number of cases. */
  public int cases() {
    return counts.size() * sizes.size();
  }
}
