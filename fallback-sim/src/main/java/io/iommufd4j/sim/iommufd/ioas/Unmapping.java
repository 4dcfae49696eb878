// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.ioas;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import org.jspecify.annotations.Nullable;

/**
 * One unmap on its way through a range ({@code iopt_unmap_iova_range}): how far it got is known
 * also when it is refused half-way.
 */
public final class Unmapping {

  /** The most times that accesses are asked to unpin one area. */
  private static final int MOST_TRIES = 100;

  private final IoPageTable table;
  private final long last;
  private long next;
  private int tries;
  private long bytes;

  /**
   * An unmap that has not begun.
   *
   * @param first the lowest IOVA
   * @param last inclusive
   */
  Unmapping(IoPageTable table, long first, long last) {
    this.table = table;
    this.next = first;
    this.last = last;
  }

  /** Bytes that are mapped no longer. */
  public long bytes() {
    return bytes;
  }

  /**
   * Goes through: whole areas only. Those below one that is refused are gone already.
   *
   * @throws Refused ENOENT when the range cuts through an area, EBUSY when somebody else is
   *     changing one or the kernel needs it, EDEADLK when an access does not let go
   */
  public void run() {
    for (Area pinned = upToPinned(); pinned != null; pinned = upToPinned()) {
      table.notifyAccesses(pinned);
      if (++tries > MOST_TRIES) {
        throw Refused.with(Errno.EDEADLK);
      }
    }
  }

  /** Unmaps up to an area that an access has pages of, which it answers; null at the end. */
  private @Nullable Area upToPinned() {
    try (var _ = table.domainsLock.reading();
        var _ = table.iovaLock.writing()) {
      AreaTree areas = table.space.areas();
      for (Area area = firstLeft(areas); area != null; area = firstLeft(areas)) {
        Pages pages = area.pages;
        if (pages == null || pages.lockedBy(area)) {
          throw Refused.with(Errno.EBUSY);
        }
        if (Iova.below(area.iova, next) || Iova.above(area.last, last)) {
          throw Refused.with(Errno.ENOENT);
        }
        if (area.iova != next) {
          tries = 0;
        }
        if (pages.accessed(area)) {
          next = area.iova;
          area.preventAccess = true;
          return area;
        }
        unmap(area, pages);
        if (!Iova.below(area.last, last)) {
          break;
        }
        // What others map behind us meanwhile is not ours to unmap.
        next = area.last + 1;
      }
      return null;
    }
  }

  /** The lowest area that is left to unmap, once those that nobody uses are gone; null for none. */
  private @Nullable Area firstLeft(AreaTree areas) {
    if (table.domains.isEmpty()) {
      while (areas.takeWhile(next, this::goesAtOnce) > 0) {
        // Leaf by leaf.
      }
    }
    return areas.first(next, last);
  }

  /** Unmaps an area that no domain has, when no access has pages of it and more may follow it. */
  private boolean goesAtOnce(Area area) {
    Pages pages = area.pages;
    if (pages == null
        || pages.pinnedOnce()
        || Iova.below(area.iova, next)
        || !Iova.below(area.last, last)) {
      return false;
    }
    if (area.iova != next) {
      tries = 0;
    }
    release(area, pages);
    next = area.last + 1;
    return true;
  }

  private void release(Area area, Pages pages) {
    area.pages = null;
    pages.put();
    bytes += area.length();
  }

  private void unmap(Area area, Pages pages) {
    area.pages = null;
    table.iovaLock.pauseWriting();
    try {
      table.domains.unfill(area, pages);
    } finally {
      table.iovaLock.resumeWriting();
    }
    table.space.areas().remove(area);
    release(area, pages);
  }
}
