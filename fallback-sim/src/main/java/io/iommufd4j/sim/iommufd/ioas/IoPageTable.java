// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.ioas;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.PagingDomain;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.lib.RwSemaphore;
import io.iommufd4j.sim.mm.UserMemory;
import java.util.ArrayList;
import java.util.List;

/**
 * The mappings of an IOAS, and the domains that carry a copy of them ({@code struct io_pagetable}).
 * Locks are taken in the kernel's order: domains, IOVAs, pages.
 */
public final class IoPageTable {

  /** {@code domains_rwsem}. */
  final RwSemaphore domainsLock = new RwSemaphore();

  /** {@code iova_rwsem}. */
  final RwSemaphore iovaLock = new RwSemaphore();

  /** Changed under both locks. */
  final IoasDomains domains;

  final IovaSpace space;

  private final FaultPlan faults;
  private final List<AccessListener> accesses = new ArrayList<>();

  /**
   * A table that maps nothing.
   *
   * @param faults which of its allocations fail
   */
  public IoPageTable(FaultPlan faults) {
    this.faults = faults;
    this.domains = new IoasDomains(faults);
    this.space = new IovaSpace(faults);
  }

  /** The bytes that an IOVA, a length and an offset in a page must be multiples of. */
  public long alignment() {
    return space.alignment();
  }

  /** True if {@code IOMMU_OPTION_HUGE_PAGES} is off. */
  public boolean smallPagesOnly() {
    return domains.smallPagesOnly();
  }

  /**
   * Maps slices one behind the other ({@code iopt_map_pages}). Their references go to the areas;
   * when it fails nothing is mapped and they stay the caller's.
   *
   * @param length of all of them in bytes
   * @param fixed whether {@code iova} says where to; else the lowest suitable place is chosen
   * @return the IOVA
   * @throws Refused EINVAL for a length or place that is misaligned or reserved, EEXIST where
   *     something is mapped, EOVERFLOW past the end, EPERM to write what cannot be written, ENOSPC,
   *     EFAULT or ENOMEM when pages cannot be pinned, and ENOMEM
   */
  public long map(PagesSlice first, long length, boolean fixed, long iova, int protection) {
    try {
      for (PagesSlice slice = first; slice != null; slice = slice.next) {
        faults.alloc(); // Its area.
      }
      long start;
      try (var _ = iovaLock.writing()) {
        start = space.insert(first, length, fixed, iova, protection);
      }
      fillAndPublish(first);
      return start;
    } catch (Refused refused) {
      try (var _ = iovaLock.writing()) {
        space.remove(first);
      }
      throw refused;
    }
  }

  private void fillAndPublish(PagesSlice first) {
    try (var _ = domainsLock.reading()) {
      domains.fill(first);
      try (var _ = iovaLock.writing()) {
        for (PagesSlice slice = first; slice != null; slice = slice.next) {
          slice.area().pages = slice.pages;
        }
      }
    }
  }

  /**
   * The slices behind a range, each with a reference ({@code iopt_get_pages}).
   *
   * @return the first, with the others behind it
   * @throws Refused EINVAL for no bytes, EOVERFLOW past the end, ENOENT where a byte is not mapped,
   *     ENOMEM
   */
  public PagesSlice slices(long iova, long length) {
    if (length == 0) {
      throw Refused.with(Errno.EINVAL);
    }
    long last = Iova.last(iova, length);
    try (var _ = iovaLock.reading()) {
      return slicesUpTo(iova, last);
    }
  }

  private PagesSlice slicesUpTo(long iova, long last) {
    PagesSlice first = null;
    PagesSlice before = null;
    try {
      var range = new ContiguousAreas(space.areas(), iova, last);
      while (range.next()) {
        faults.alloc();
        Area area = range.area();
        long bytes = range.last() - range.iova() + 1;
        var slice = new PagesSlice(area.backing(), area.startByte(range.iova()), bytes);
        slice.pages.get();
        if (before == null) {
          first = slice;
        } else {
          before.next = slice;
        }
        before = slice;
      }
      if (first == null || !range.reachesEnd()) {
        throw Refused.with(Errno.ENOENT);
      }
      return first;
    } catch (Refused refused) {
      PagesSlice.putAll(first);
      throw refused;
    }
  }

  /**
   * {@code iopt_unmap_iova}: whole areas only.
   *
   * @return the unmap, yet to be run
   * @throws Refused EINVAL for no bytes, EOVERFLOW past the end
   */
  public Unmapping unmap(long iova, long length) {
    if (length == 0) {
      throw Refused.with(Errno.EINVAL);
    }
    return new Unmapping(this, iova, Iova.last(iova, length));
  }

  /** {@code iopt_unmap_all}: an unmap of everything, yet to be run. */
  public Unmapping unmapAll() {
    return new Unmapping(this, 0, Iova.MAX);
  }

  /** {@code iommufd_access_notify_unmap}: asks every access to let go of an area. */
  void notifyAccesses(Area area) {
    List<AccessListener> users;
    try (var _ = iovaLock.reading()) {
      users = List.copyOf(accesses);
    }
    for (AccessListener user : users) {
      user.notifyUnmap(area.iova, area.length());
    }
  }

  /**
   * {@code iopt_cut_iova}: makes an IOVA the last of its area, so that what follows can be unmapped
   * by itself.
   *
   * @throws Refused EINVAL when the cut is not between two pages or an access has some of them
   *     pinned, EBUSY when somebody else is changing the area, EOPNOTSUPP for a device's buffer,
   *     ENOMEM
   */
  public void cutAfter(long iova) {
    try (var _ = iovaLock.writing()) {
      AreaTree areas = space.areas();
      Area area = areas.first(iova, iova);
      if (area == null || iova == area.iova || iova == area.last) {
        return;
      }
      if (area.pages == null || area.preventAccess) {
        throw Refused.with(Errno.EBUSY);
      }
      if (area.pages.revocable()) {
        throw Refused.with(Errno.EOPNOTSUPP);
      }
      long next = iova + 1;
      if (((next | area.startByte(next)) & (alignment() - 1)) != 0) {
        throw Refused.with(Errno.EINVAL);
      }
      if (area.pages.accessed(area)) {
        throw Refused.with(Errno.EINVAL);
      }
      faults.alloc();
      faults.alloc();
      areas.remove(area);
      area.split(next).forEach(areas::insert);
    }
  }

  /**
   * {@code iopt_add_access}.
   *
   * @throws Refused EADDRINUSE when an area is not aligned as the access needs it, ENOMEM
   */
  public void addAccess(AccessListener access) {
    faults.alloc();
    try (var _ = domainsLock.writing();
        var _ = iovaLock.writing()) {
      long needed = Iova.max(neededAlignment(), access.alignment());
      if (Iova.above(needed, alignment())) {
        space.requireAligned(needed);
      }
      accesses.add(access);
      space.alignment(needed);
    }
  }

  /** {@code iopt_remove_access}. */
  public void removeAccess(AccessListener access) {
    try (var _ = domainsLock.writing();
        var _ = iovaLock.writing()) {
      accesses.remove(access);
      space.alignment(neededAlignment());
    }
  }

  /** {@code iopt_calculate_iova_alignment}. */
  private long neededAlignment() {
    long needed = domains.alignment();
    for (AccessListener access : accesses) {
      needed = Iova.max(needed, access.alignment());
    }
    return needed;
  }

  /** The IOVA at an offset in the n-th area; 0 when there is none. */
  public long iovaInMapping(int nth, int offset) {
    try (var _ = iovaLock.reading()) {
      Area area = space.areas().first();
      for (long i = Integer.toUnsignedLong(nth); i > 0 && area != null; i--) {
        area = space.areas().next(area);
      }
      return area == null ? 0 : area.iova + Integer.toUnsignedLong(offset);
    }
  }

  /** Every area, or those one behind the other from an IOVA on, while none changes. */
  void withAreas(AreasReader reader) {
    try (var _ = iovaLock.reading()) {
      reader.read(space.areas());
    }
  }

  /** Takes what {@link #withAreas} hands out. */
  interface AreasReader {
    /** Reads them. */
    void read(AreaTree areas);
  }

  /** Works on what is not reserved, which does not change meanwhile. */
  public void withUnreserved(HolesReader reader) {
    try (var _ = iovaLock.reading()) {
      reader.read(space.unreserved(), alignment());
    }
  }

  /** Takes what {@link #withUnreserved} hands out. */
  public interface HolesReader {
    /** Steps through the holes. */
    void read(ReservedIovas.Holes holes, long alignment);
  }

  /** The page sizes that every domain has, a bit each; all bits without a domain. */
  public long pageSizes() {
    try (var _ = domainsLock.reading()) {
      return domains.pageSizes();
    }
  }

  /**
   * {@code iopt_set_allow_iova}.
   *
   * @throws Refused EADDRINUSE when a range is reserved; the old ones stay
   */
  public void allow(AllowedIovas ranges) {
    try (var _ = iovaLock.writing()) {
      space.allow(ranges);
    }
  }

  /**
   * {@code iopt_table_enforce_dev_resv_regions}: what a device cannot use, nobody maps.
   *
   * @throws Refused EADDRINUSE when a region is mapped or allowed; all of the device's are gone
   *     then; ENOMEM
   */
  public void reserveFor(IommuDevice device) {
    faults.inject(Errno.EINVAL);
    try (var _ = iovaLock.writing()) {
      space.reserveFor(device);
    }
  }

  /** {@code iopt_reserve_iova}, for the table's own life. */
  public void reserve(long start, long last) {
    try (var _ = iovaLock.writing()) {
      space.reserve(start, last, this);
    }
  }

  /** {@code iopt_remove_reserved_iova}. */
  public void unreserve(IommuDevice device) {
    try (var _ = iovaLock.writing()) {
      space.unreserve(device);
    }
  }

  /**
   * {@code iopt_table_add_domain}: maps every area into one more domain, from then on kept in step.
   *
   * @throws Refused EINVAL when the domain's smallest page is larger than the CPU's, EADDRINUSE
   *     when an area is misaligned for it or outside its aperture, EFAULT or ENOMEM when pages
   *     cannot be pinned; nothing has changed then
   */
  public void addDomain(PagingDomain domain) {
    try (var _ = domainsLock.writing();
        var _ = iovaLock.writing()) {
      long needed = Iova.max(domain.table().smallestPage(), alignment());
      if (Iova.above(needed, UserMemory.PAGE_SIZE)) {
        throw Refused.with(Errno.EINVAL);
      }
      if (needed != alignment()) {
        space.requireAligned(needed);
      }
      space.reserveOutside(domain);
      try {
        domains.add(domain, space.areas());
      } catch (Refused refused) {
        space.unreserve(domain);
        throw refused;
      }
      space.alignment(needed);
    }
  }

  /** {@code iopt_table_remove_domain}. */
  public void removeDomain(PagingDomain domain) {
    try (var _ = domainsLock.writing();
        var _ = iovaLock.writing()) {
      domains.remove(domain, space.areas());
      space.unreserve(domain);
      space.alignment(neededAlignment());
    }
  }

  /**
   * {@code iopt_enable_large_pages} and {@code iopt_disable_large_pages}.
   *
   * @throws Refused EINVAL to turn them off once domains hold areas, EADDRINUSE when an area is not
   *     made of whole pages
   */
  public void largePages(boolean on) {
    try (var _ = domainsLock.writing();
        var _ = iovaLock.writing()) {
      if (!on && !smallPagesOnly()) {
        if (!domains.isEmpty() && !space.areas().isEmpty()) {
          throw Refused.with(Errno.EINVAL);
        }
        if (alignment() < UserMemory.PAGE_SIZE) {
          space.requireAligned(UserMemory.PAGE_SIZE);
        }
      }
      domains.smallPagesOnly(!on);
      space.alignment(neededAlignment());
    }
  }
}
