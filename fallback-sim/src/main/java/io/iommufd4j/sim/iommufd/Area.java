package io.iommufd4j.sim.iommufd;

import io.iommufd4j.sim.iommu.PagingDomain;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A range of IOVAs backed by a slice of {@link Pages} ({@code struct iopt_area}); a node of {@link
 * AreaTree}.
 *
 * <p>Where it lies is fixed before it enters the tree; what backs it is set under the IOVA lock;
 * what the domains hold of it changes under the pages' lock.
 */
final class Area {

  /** First IOVA. */
  final long iova;

  /** Inclusive last IOVA. */
  final long last;

  /** Bytes into the first page at which it starts. */
  final int pageOffset;

  /** Index of the first page behind it. */
  final long firstPage;

  /** Index of the last page behind it. */
  final long lastPage;

  /** {@link PagingDomain#READ} and {@link PagingDomain#WRITE}. */
  final int protection;

  /** What backs it; null while it is being set up or torn down. */
  @Nullable Pages pages;

  /** Whether the IOAS's domains hold its pages ({@code storage_domain}). */
  private boolean filled;

  // The tree's own.
  @Nullable Area left;
  @Nullable Area right;
  int height = 1;
  long subtreeFirst;
  long subtreeLast;
  long widestGap;

  Area(long iova, long length, long startByte, int protection) {
    this.iova = iova;
    this.last = iova + length - 1;
    this.pageOffset = (int) (startByte & (UserMemory.PAGE_SIZE - 1));
    this.firstPage = Long.divideUnsigned(startByte, UserMemory.PAGE_SIZE);
    this.lastPage = Long.divideUnsigned(startByte + length - 1, UserMemory.PAGE_SIZE);
    this.protection = protection;
    this.subtreeFirst = iova;
    this.subtreeLast = last;
  }

  /** Bytes. */
  long length() {
    return last - iova + 1;
  }

  /** Where an IOVA of this area lies in its pages, in bytes. */
  long startByte(long at) {
    return at - iova + pageOffset + firstPage * UserMemory.PAGE_SIZE;
  }

  /**
   * The two areas that this one becomes, backed and filled alike ({@code iopt_area_split}).
   *
   * @param second first IOVA of the second, between two pages
   */
  List<Area> split(long second) {
    Pages backing = pages;
    if (backing == null) {
      throw new IllegalStateException("an area that is being changed cannot be split");
    }
    backing.lock.lock();
    try {
      Area low = new Area(iova, second - iova, startByte(iova), protection);
      Area high = new Area(second, last - second + 1, startByte(second), protection);
      for (Area part : List.of(low, high)) {
        part.pages = backing;
        part.filled = filled;
      }
      backing.get();
      return List.of(low, high);
    } finally {
      backing.lock.unlock();
    }
  }

  /**
   * Pins the pages and maps them into every domain ({@code iopt_area_fill_domains}). Changes
   * nothing when it fails.
   *
   * @param backing what backs the area; not yet its {@link #pages}
   * @throws Refused EFAULT or EINVAL when a page cannot be pinned, ENOMEM over the limit
   */
  void fill(List<PagingDomain> domains, Pages backing) {
    if (domains.isEmpty()) {
      return;
    }
    backing.lock.lock();
    try {
      long added = backing.pins.cover(firstPage, lastPage);
      int done = 0;
      try {
        for (; done < domains.size(); done++) {
          mapInto(domains.get(done), backing);
        }
        backing.charge(added);
      } catch (Refused refused) {
        for (int i = 0; i < done; i++) {
          domains.get(i).unmap(iova, length());
        }
        backing.pins.uncover(firstPage, lastPage);
        throw refused;
      }
      filled = true;
    } finally {
      backing.lock.unlock();
    }
  }

  /** Undoes {@link #fill} ({@code iopt_area_unfill_domains}). */
  void unfill(List<PagingDomain> domains, Pages backing) {
    backing.lock.lock();
    try {
      if (!filled) {
        return;
      }
      for (PagingDomain domain : domains) {
        domain.unmap(iova, length());
      }
      release(backing);
    } finally {
      backing.lock.unlock();
    }
  }

  /**
   * Maps the pages into one more domain ({@code iopt_area_fill_domain}), pinning them if it is the
   * first.
   *
   * @throws Refused as {@link #fill}
   */
  void fillDomain(PagingDomain domain, Pages backing) {
    backing.lock.lock();
    try {
      if (filled) {
        mapInto(domain, backing);
      } else {
        fill(List.of(domain), backing);
      }
    } finally {
      backing.lock.unlock();
    }
  }

  /**
   * Unmaps the pages from a domain, and unpins them when none is left ({@code
   * iopt_area_unfill_domain}).
   */
  void unfillDomain(PagingDomain domain, Pages backing, boolean lastDomain) {
    backing.lock.lock();
    try {
      domain.unmap(iova, length());
      if (lastDomain && filled) {
        release(backing);
      }
    } finally {
      backing.lock.unlock();
    }
  }

  private void release(Pages backing) {
    backing.uncharge(backing.pins.uncover(firstPage, lastPage));
    filled = false;
  }

  private void mapInto(PagingDomain domain, Pages backing) {
    long next = iova;
    long page = firstPage;
    try {
      while (Long.compareUnsigned(page, lastPage) <= 0) {
        long pages = backing.pins.contiguous(page, lastPage);
        long offset = page == firstPage ? pageOffset : 0;
        long bytes = Iova.min(pages * UserMemory.PAGE_SIZE - offset, last - next + 1);
        domain.map(next, backing.pins.physical(page) + offset, bytes, protection);
        next += bytes;
        page += pages;
      }
    } catch (Refused refused) {
      if (next != iova) {
        domain.unmap(iova, next - iova);
      }
      throw refused;
    }
  }
}
