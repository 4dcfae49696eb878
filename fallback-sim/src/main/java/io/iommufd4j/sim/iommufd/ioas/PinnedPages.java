// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.ioas;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import java.util.ArrayList;
import java.util.List;

/**
 * The pinned pages of a source, with the number of areas that need each ({@code
 * iopt_pages::domains_itree}). A page that several areas share is pinned once. Guarded by the
 * pages' lock.
 */
final class PinnedPages {

  /** Neighbouring pages, pinned in one piece of memory, that equally many areas need. */
  private static final class Segment {
    final long first;
    long last;
    int areas;
    final long start;

    /**
     * Pages that are pinned.
     *
     * @param start physical address of the first
     */
    Segment(long first, long last, int areas, long start) {
      this.first = first;
      this.last = last;
      this.areas = areas;
      this.start = start;
    }

    long physical(long page) {
      return start + (page - first) * UserMemory.PAGE_SIZE;
    }
  }

  private final PageSource source;
  private final FaultPlan faults;
  private final List<Segment> segments = new ArrayList<>(1);

  PinnedPages(PageSource source, FaultPlan faults) {
    this.source = source;
    this.faults = faults;
  }

  /**
   * One more area needs a range of pages.
   *
   * @return how many were not pinned before
   * @throws Refused when a page cannot be pinned, and ENOMEM; nothing has changed then
   */
  long cover(long first, long last) {
    chargeBuffer(); // The batch of page numbers.
    long added = 0;
    long next = first;
    int i = split(first);
    try {
      while (Long.compareUnsigned(next, last) <= 0) {
        Segment segment = i < segments.size() ? segments.get(i) : null;
        if (segment == null || Iova.above(segment.first, next)) {
          long end = segment == null ? last : Iova.min(last, segment.first - 1);
          long pages = end - next + 1;
          chargeBuffer(); // The array of pages.
          faults.inject(Errno.EFAULT);
          segments.add(i++, new Segment(next, end, 1, source.pin(next, pages)));
          added += pages;
          next = end + 1;
          continue;
        }
        if (Iova.above(segment.last, last)) {
          split(last + 1);
        }
        segment.areas++;
        next = segment.last + 1;
        i++;
      }
    } catch (Refused refused) {
      if (next != first) {
        uncover(first, next - 1);
      }
      throw refused;
    }
    return added;
  }

  /** {@code temp_kmalloc}. */
  private void chargeBuffer() {
    faults.inject(Errno.ENOMEM);
    faults.alloc();
  }

  /**
   * Undoes {@link #cover}.
   *
   * @return how many pages were unpinned
   */
  long uncover(long first, long last) {
    long removed = 0;
    int i = split(first);
    if (last != Iova.MAX) {
      split(last + 1);
    }
    while (i < segments.size() && Long.compareUnsigned(segments.get(i).first, last) <= 0) {
      Segment segment = segments.get(i);
      if (--segment.areas > 0) {
        i++;
        continue;
      }
      segments.remove(i);
      long pages = segment.last - segment.first + 1;
      removed += pages;
      source.unpin(segment.start, pages);
    }
    return removed;
  }

  /**
   * The number of pages from a pinned one on, up to a last, that lie in one piece of physical
   * memory.
   */
  long contiguous(long page, long last) {
    int i = at(page);
    Segment segment = segments.get(i);
    while (Iova.below(segment.last, last) && i + 1 < segments.size()) {
      Segment next = segments.get(++i);
      if (next.physical(next.first) != segment.physical(segment.last) + UserMemory.PAGE_SIZE) {
        break;
      }
      segment = next;
    }
    return Iova.min(segment.last, last) - page + 1;
  }

  /** The physical address of a pinned page. */
  long physical(long page) {
    return segments.get(at(page)).physical(page);
  }

  /** The index of the segment that holds a page, or of the one after it. */
  private int at(long page) {
    int low = 0;
    int high = segments.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (Iova.below(segments.get(middle).last, page)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** Makes a segment start at a page, if one holds it; answers the index of that or the next. */
  private int split(long page) {
    int i = at(page);
    if (i == segments.size()) {
      return i;
    }
    Segment segment = segments.get(i);
    if (!Iova.below(segment.first, page)) {
      return i;
    }
    segments.add(i + 1, new Segment(page, segment.last, segment.areas, segment.physical(page)));
    segment.last = page - 1;
    return i + 1;
  }
}
