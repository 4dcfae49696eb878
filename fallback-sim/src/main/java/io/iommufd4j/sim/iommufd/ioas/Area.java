// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.ioas;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.PagingDomain;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A range of IOVAs backed by a slice of {@link Pages} ({@code struct iopt_area}).
 *
 * <p>Where it lies is fixed before it enters the tree; what backs it is set under the IOVA lock;
 * what the domains hold of it changes under the pages' lock.
 */
final class Area {

  /** First IOVA. */
  final long iova;

  /** Inclusive last IOVA. */
  final long last;

  /** {@link PagingDomain#READ} and {@link PagingDomain#WRITE}. */
  final byte protection;

  /** True if it is about to be unmapped and nobody may pin any more. */
  boolean preventAccess;

  /** The offset in its pages at which it starts, in bytes. */
  private final long startByte;

  /** The pages that back it; null while it is being set up or torn down. */
  @Nullable Pages pages;

  /** The domain that pages are looked up in; null while none holds them. */
  private @Nullable PagingDomain storage;

  Area(long iova, long length, long startByte, int protection) {
    this.iova = iova;
    this.last = iova + length - 1;
    this.startByte = startByte;
    this.protection = (byte) protection;
  }

  /** Bytes. */
  long length() {
    return last - iova + 1;
  }

  /** The offset of an IOVA of this area in its pages, in bytes. */
  long startByte(long at) {
    return at - iova + startByte;
  }

  /** Bytes into the first page at which it starts. */
  int pageOffset() {
    return (int) (startByte & (UserMemory.PAGE_SIZE - 1));
  }

  /** Index of the first page behind it. */
  long firstPage() {
    return pageOf(iova);
  }

  /** Index of the last page behind it. */
  long lastPage() {
    return pageOf(last);
  }

  /** The index of the page behind an IOVA of this area. */
  long pageOf(long at) {
    return Long.divideUnsigned(startByte(at), UserMemory.PAGE_SIZE);
  }

  /** The pages that back it, while nobody is setting it up or tearing it down. */
  Pages backing() {
    Pages backing = pages;
    if (backing == null) {
      throw new IllegalStateException("an area that is being changed has no pages");
    }
    return backing;
  }

  /**
   * The physical address behind an IOVA, as {@link #storage} has it; the pages' lock is held.
   *
   * @throws Refused EINVAL for a device's buffer that was taken back, EOPNOTSUPP when the domain is
   *     an IOMMU's, or there is none
   */
  long physical(long at) {
    Pages backing = backing();
    if (backing.revoked()) {
      throw Refused.with(Errno.EINVAL);
    }
    PagingDomain domain = storage;
    if (domain == null || domain.driver().translates()) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    return backing.machineAddress(domain.table().physical(at));
  }

  /**
   * {@code iopt_area_add_access}: pins pages for somebody else than a domain.
   *
   * @param locks whether the area then cannot be unmapped
   * @param physical takes the physical address of each page
   * @throws Refused EPERM to write what cannot be written, EINVAL for memory that is no pages, and
   *     as {@link #fill}; nothing has changed then
   */
  void addAccess(long first, long last, boolean write, boolean locks, List<Long> physical) {
    Pages backing = backing();
    backing.requireAccess(write);
    PinnedPages pinned = backing.pinned();
    try (var _ = pinned.lock.guard()) {
      backing.chargeAccess();
      pinned.pinAndCharge(first, last);
      for (long page = first; page <= last; page++) {
        physical.add(pinned.physical(page));
      }
      pinned.accesses.add(this, locks);
    }
  }

  /** {@code iopt_area_remove_access}. */
  void removeAccess(long first, long last, boolean unlocks) {
    PinnedPages pinned = backing().pinned();
    try (var _ = pinned.lock.guard()) {
      pinned.unpinAndUncharge(first, last);
      pinned.accesses.remove(this, unlocks);
    }
  }

  /**
   * The two areas that this one becomes, backed and filled alike ({@code iopt_area_split}).
   *
   * @param second first IOVA of the second, between two pages
   */
  List<Area> split(long second) {
    Pages backing = backing();
    try (var _ = backing.pinned().lock.guard()) {
      Area low = new Area(iova, second - iova, startByte(iova), protection);
      Area high = new Area(second, last - second + 1, startByte(second), protection);
      for (Area part : List.of(low, high)) {
        part.pages = backing;
        part.storage = storage;
      }
      backing.get();
      return List.of(low, high);
    }
  }

  /**
   * Pins the pages and maps them into every domain ({@code iopt_area_fill_domains}). Changes
   * nothing when it fails.
   *
   * @param backing what backs the area; not yet its {@link #pages}
   * @param largest bytes that no page of a domain's table exceeds, a power of two; all bits for no
   *     limit
   * @throws Refused EFAULT or EINVAL when a page cannot be pinned, ENOMEM over the limit
   */
  void fill(List<PagingDomain> domains, Pages backing, long largest) {
    if (domains.isEmpty()) {
      return;
    }
    PinnedPages pinned = backing.pinned();
    try (var _ = pinned.lock.guard()) {
      long added = pinned.cover(firstPage(), lastPage());
      int done = 0;
      try {
        for (; done < domains.size(); done++) {
          mapInto(domains.get(done), backing, largest);
        }
        pinned.charge(added);
      } catch (Refused refused) {
        for (int i = 0; i < done; i++) {
          unmapFrom(domains.get(i), backing);
        }
        pinned.uncover(firstPage(), lastPage());
        throw refused;
      }
      storage = domains.getFirst();
    }
  }

  /** Undoes {@link #fill} ({@code iopt_area_unfill_domains}). */
  void unfill(List<PagingDomain> domains, Pages backing) {
    if (storage == null) {
      return;
    }
    PinnedPages pinned = backing.pinned();
    try (var _ = pinned.lock.guard()) {
      for (PagingDomain domain : domains) {
        unmapFrom(domain, backing);
      }
      release(pinned);
    }
  }

  /**
   * Maps the pages into one more domain ({@code iopt_area_fill_domain}), pinning them if it is the
   * first.
   *
   * @throws Refused as {@link #fill}
   */
  void fillDomain(PagingDomain domain, Pages backing, long largest) {
    try (var _ = backing.pinned().lock.guard()) {
      if (storage != null) {
        mapInto(domain, backing, largest);
      } else {
        fill(List.of(domain), backing, largest);
      }
    }
  }

  /**
   * Unmaps the pages from a domain, and unpins them when none is left ({@code
   * iopt_area_unfill_domain}).
   *
   * @param next the domain to look pages up in from now on, if it was this one; null when none is
   *     left
   */
  void unfillDomain(PagingDomain domain, Pages backing, @Nullable PagingDomain next) {
    PinnedPages pinned = backing.pinned();
    try (var _ = pinned.lock.guard()) {
      unmapFrom(domain, backing);
      if (next == null && storage != null) {
        release(pinned);
      } else if (storage == domain) {
        storage = next;
      }
    }
  }

  private void release(PinnedPages pinned) {
    pinned.unpinAndUncharge(firstPage(), lastPage());
    storage = null;
  }

  private void mapInto(PagingDomain domain, Pages backing, long largest) {
    backing.track(iova, length(), domain);
    if (backing.revoked()) {
      return;
    }
    PinnedPages pinned = backing.pinned();
    long next = iova;
    long offset = pageOffset();
    long page = firstPage();
    long lastPage = lastPage();
    try {
      while (Long.compareUnsigned(page, lastPage) <= 0) {
        long pages = pinned.contiguous(page, lastPage);
        long bytes = Iova.min(pages * UserMemory.PAGE_SIZE - offset, last - next + 1);
        backing.chargeTable();
        domain.map(next, pinned.physical(page) + offset, bytes, protection, largest);
        next += bytes;
        page += pages;
        offset = 0;
      }
    } catch (Refused refused) {
      backing.untrack(iova, length(), domain);
      if (next != iova) {
        domain.unmap(iova, next - iova);
      }
      throw refused;
    }
  }

  private void unmapFrom(PagingDomain domain, Pages backing) {
    backing.untrack(iova, length(), domain);
    if (!backing.revoked()) {
      domain.unmap(iova, length());
    }
  }
}
