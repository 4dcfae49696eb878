// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.ioas;

import org.jspecify.annotations.Nullable;

/**
 * Steps through the areas behind a range that has no gap ({@code struct iopt_area_contig_iter});
 * the IOVA lock is held meanwhile.
 */
final class ContiguousAreas {

  private final AreaTree areas;
  private final long end;
  private long next;
  private long iova;
  private @Nullable Area area;

  /**
   * Before the first area of a range.
   *
   * @param last inclusive
   */
  ContiguousAreas(AreaTree areas, long first, long last) {
    this.areas = areas;
    this.next = first;
    this.iova = first;
    this.end = last;
  }

  /** Moves to the next area; false behind the last one and at a gap. */
  boolean next() {
    Area before = area;
    if (before != null && !Iova.below(before.last, end)) {
      return false;
    }
    iova = next;
    Area found = areas.first(next, next);
    area = found == null || found.pages == null ? null : found;
    if (area == null) {
      return false;
    }
    next = area.last + 1;
    return true;
  }

  /** The area that it stands in. */
  Area area() {
    if (area == null) {
      throw new IllegalStateException("there is no area here");
    }
    return area;
  }

  /** The first IOVA of the range in the area it stands in, or at the gap. */
  long iova() {
    return iova;
  }

  /** The last IOVA of the range in the area it stands in. */
  long last() {
    return Iova.min(area().last, end);
  }

  /** True if the range ends in the area it stands in: there was no gap. */
  boolean reachesEnd() {
    return area != null && !Iova.below(area.last, end);
  }

  /** The index of the first page that the range has in the area it stands in. */
  long firstPage() {
    return area().pageOf(iova);
  }

  /** The index of the last page that the range has in the area it stands in. */
  long lastPage() {
    return area().pageOf(last());
  }
}
