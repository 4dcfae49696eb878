// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.ioas;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.Mutex;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.Accounting;
import io.iommufd4j.sim.mm.UserMemory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The pages that are pinned of a piece of memory, with the number of areas that need each ({@code
 * iopt_pages::domains_itree}), and who pays for it. A page that several areas share is pinned and
 * paid for once. Guarded by {@link #lock}.
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

  /** The pages' lock ({@code iopt_pages::mutex}): innermost of all. */
  final Mutex lock = new Mutex();

  /** The pins that are not a domain's. */
  final AccessPins accesses = new AccessPins();

  private final Pages pages;
  private final FaultPlan faults;
  private final List<Segment> segments = new ArrayList<>(1);

  /** The accounts that the pages are charged to. */
  private Accounting payer;

  private long paid;

  PinnedPages(Pages pages, PagesOwner owner) {
    this.pages = pages;
    this.faults = owner.faults();
    this.payer = owner.payer();
  }

  /**
   * {@link #cover}, paid for.
   *
   * @throws Refused when a page cannot be pinned, ENOMEM over the limit; nothing has changed then
   */
  void pinAndCharge(long first, long last) {
    long added = cover(first, last);
    try {
      charge(added);
    } catch (Refused refused) {
      uncover(first, last);
      throw refused;
    }
  }

  /** Undoes {@link #pinAndCharge}. */
  void unpinAndUncharge(long first, long last) {
    long removed = uncover(first, last);
    if (removed > 0 && !pages.revocable()) {
      payer.uncharge(pages.mode(), removed);
      paid -= removed;
    }
  }

  /**
   * Pays for pages just pinned; a device's buffer is not pinned.
   *
   * @throws Refused ENOMEM over the limit
   */
  void charge(long added) {
    if (added > 0 && !pages.revocable()) {
      faults.inject(Errno.ENOMEM);
      payer.charge(pages.mode(), added);
      paid += added;
    }
  }

  /** The number of pages to charge to other accounts when they take over. */
  long dueFrom(Accounting next) {
    return pages.mode() == Accounting.Mode.NONE || payer == next ? 0 : paid;
  }

  /** Somebody else pays, and has been charged already. */
  void changePayer(Accounting next) {
    payer.uncharge(pages.mode(), dueFrom(next));
    payer = next;
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
          long count = end - next + 1;
          chargeBuffer(); // The array of pages.
          faults.inject(Errno.EFAULT);
          segments.add(i++, new Segment(next, end, 1, pages.pin(next, count)));
          added += count;
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
      long count = segment.last - segment.first + 1;
      removed += count;
      pages.unpin(segment.start, count);
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

  /**
   * The number of pins that accesses have in each area ({@code iopt_area::num_accesses} and {@code
   * num_locks}). Few areas have any. Guarded by itself.
   */
  static final class AccessPins {

    /**
     * Pins in one area.
     *
     * @param all internal ones included
     * @param internal by iommufd itself: the area cannot be unmapped before they end
     */
    private record Count(int all, int internal) {

      static final Count NONE = new Count(0, 0);

      Count plus(int change, boolean locks) {
        return new Count(all + change, locks ? internal + change : internal);
      }
    }

    private Map<Object, Count> counts = Map.of();

    synchronized void add(Object area, boolean internal) {
      if (counts.isEmpty()) {
        counts = new HashMap<>();
      }
      counts.put(area, count(area).plus(1, internal));
    }

    synchronized void remove(Object area, boolean internal) {
      Count left = count(area).plus(-1, internal);
      if (left.all == 0) {
        counts.remove(area);
      } else {
        counts.put(area, left);
      }
    }

    /** True if something in an area is pinned. */
    synchronized boolean any(Object area) {
      return count(area).all > 0;
    }

    /** True if something in an area is pinned by iommufd itself. */
    synchronized boolean anyInternal(Object area) {
      return count(area).internal > 0;
    }

    private Count count(Object area) {
      return counts.getOrDefault(area, Count.NONE);
    }
  }
}
