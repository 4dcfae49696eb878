// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.uapi;

import java.util.List;

/**
 * The ranges that an IOAS can map at this moment. Each attach narrows it and each detach may widen
 * it.
 *
 * @param ranges in ascending order, disjoint
 * @param alignment bytes; every mapping starts and ends at a multiple of it. Never more than the
 *     page size.
 */
public record IovaRanges(List<IovaRange> ranges, long alignment) {

  /** Copies the list. */
  public IovaRanges {
    ranges = List.copyOf(ranges);
  }

  /**
   * {@return true if the whole of a range can be mapped, as far as reserved IOVAs go}
   *
   * @param range IOVAs of one mapping
   */
  public boolean allow(IovaRange range) {
    return ranges.stream().anyMatch(allowed -> allowed.contains(range));
  }
}
