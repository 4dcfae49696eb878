// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.mm;

import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The pin count of each page of one piece of memory ({@code GUP_PIN_COUNTING_BIAS} in a page's
 * reference count). Kept as runs of pages that are pinned equally often.
 */
public final class PinCounts {

  /** By the first page of a run; it ends where the next begins. Pages before the first have 0. */
  private final TreeMap<Long, Integer> counts = new TreeMap<>();

  /** Nothing is pinned. */
  public PinCounts() {}

  /** Changes the count of a range of pages. */
  public synchronized void add(long first, long pages, int change) {
    long end = first + pages;
    if (!addWithinRun(first, end, change)) {
      addToRuns(first, end, change);
    }
  }

  /** The usual case, in a third of the look-ups: all of the pages have one count. */
  private boolean addWithinRun(long first, long end, int change) {
    Map.Entry<Long, Integer> run = counts.floorEntry(first);
    Map.Entry<Long, Integer> behind = counts.higherEntry(first);
    if (behind != null && behind.getKey() < end) {
      return false;
    }
    int before = count(run);
    int after = Math.max(0, before + change);
    if (after == before) {
      return true;
    }
    boolean fromStart = run != null && run.getKey() == first;
    if (fromStart && count(counts.lowerEntry(first)) == after) {
      counts.remove(first);
    } else {
      counts.put(first, after);
    }
    boolean toEnd = behind != null && behind.getKey() == end;
    if (!toEnd) {
      counts.put(end, before);
    } else if (behind.getValue() == after) {
      counts.remove(end);
    }
    return true;
  }

  private static int count(Map.@Nullable Entry<Long, Integer> run) {
    return run == null ? 0 : run.getValue();
  }

  private void addToRuns(long first, long end, int change) {
    split(first);
    split(end);
    for (Long run = first; run != null && run < end; run = counts.higherKey(run)) {
      counts.put(run, Math.max(0, count(run) + change));
    }
    join(end);
    join(first);
  }

  /** The pin count of a page. */
  public synchronized int of(long page) {
    return count(counts.floorKey(page));
  }

  /** The page after a page at which the count may be another one. */
  public synchronized long end(long page) {
    Long next = counts.higherKey(page);
    return next == null ? Long.MAX_VALUE : next;
  }

  /** True if no page is pinned. */
  public synchronized boolean isEmpty() {
    return counts.isEmpty();
  }

  private void split(long page) {
    Long run = counts.floorKey(page);
    if (run == null || run != page) {
      counts.put(page, count(run));
    }
  }

  private void join(long page) {
    if (count(counts.lowerKey(page)) == count(counts.floorKey(page))) {
      counts.remove(page);
    }
  }

  private int count(@Nullable Long run) {
    return run == null ? 0 : counts.getOrDefault(run, 0);
  }
}
