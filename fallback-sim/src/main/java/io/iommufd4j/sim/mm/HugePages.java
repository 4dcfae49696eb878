// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.mm;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;

/**
 * The pool that {@code MAP_HUGETLB} takes its pages from ({@code struct hstate}). It is empty until
 * somebody fills it, as Linux' is, and has as many pages as it is asked to have: the host's memory
 * is not what limits it.
 */
public final class HugePages {

  /** Bytes in a huge page. */
  public static final long BYTES = 2L << 20;

  private long size;
  private long taken;

  /** The number of pages in the pool, taken ones included ({@code nr_hugepages}). */
  public synchronized long size() {
    return size;
  }

  /** Makes the pool larger or smaller; pages that are taken stay. */
  public synchronized void resize(long pages) {
    size = Math.max(pages, taken);
  }

  /**
   * Takes pages.
   *
   * @throws Refused ENOMEM when the pool does not have as many
   */
  synchronized void take(long pages) {
    if (pages > size - taken) {
      throw Refused.with(Errno.ENOMEM);
    }
    taken += pages;
  }

  /** Undoes {@link #take}. */
  synchronized void giveBack(long pages) {
    taken -= pages;
  }
}
