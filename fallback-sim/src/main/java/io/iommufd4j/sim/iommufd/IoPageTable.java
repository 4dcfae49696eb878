package io.iommufd4j.sim.iommufd;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.PagingDomain;
import io.iommufd4j.sim.iommu.ReservedRegion;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * What an IOAS maps, and the domains that carry a copy of it ({@code struct io_pagetable}). Locks
 * are taken in the kernel's order: domains, IOVAs, pages.
 */
final class IoPageTable {

  /** How often accesses are asked to let go of one area. */
  private static final int MOST_TRIES = 100;

  private final FaultPlan faults;
  private final ReentrantReadWriteLock domainsLock = new ReentrantReadWriteLock();
  private final ReentrantReadWriteLock iovaLock = new ReentrantReadWriteLock();
  private final List<PagingDomain> domains = new ArrayList<>();
  private final List<Access> accesses = new ArrayList<>();
  private final AreaTree areas = new AreaTree();
  private final ReservedIovas reserved = new ReservedIovas();
  private AllowedIovas allowed = AllowedIovas.ANY;
  private volatile boolean smallPagesOnly;
  private volatile long alignment = 1;

  IoPageTable(FaultPlan faults) {
    this.faults = faults;
  }

  /** What an IOVA, a length and an offset in a page must be multiples of. */
  long alignment() {
    return alignment;
  }

  /** Whether {@code IOMMU_OPTION_HUGE_PAGES} is off. */
  boolean smallPagesOnly() {
    return smallPagesOnly;
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
  long map(List<PagesSlice> slices, long length, boolean fixed, long iova, int protection) {
    try {
      for (int i = 0; i < slices.size(); i++) {
        faults.alloc(); // Its area.
      }
      long start = insert(slices, length, fixed, iova, protection);
      fillAndPublish(slices);
      return start;
    } catch (Refused refused) {
      for (PagesSlice slice : slices) {
        withdraw(slice);
      }
      throw refused;
    }
  }

  private long insert(
      List<PagesSlice> slices, long length, boolean fixed, long iova, int protection) {
    Lock lock = iovaLock.writeLock();
    lock.lock();
    try {
      if ((length & (alignment - 1)) != 0 || length == 0) {
        throw Refused.with(Errno.EINVAL);
      }
      long start = iova;
      if (fixed) {
        checkFree(iova, length);
      } else {
        long from = slices.getFirst().start();
        start = IovaAllocator.choose(areas, reserved, allowed, from, length, alignment);
      }
      long next = start;
      for (PagesSlice slice : slices) {
        slice.area = insert(slice, next, protection);
        next += slice.length;
      }
      return start;
    } finally {
      lock.unlock();
    }
  }

  private void checkFree(long iova, long length) {
    if ((iova & (alignment - 1)) != 0) {
      throw Refused.with(Errno.EINVAL);
    }
    long last = Iova.last(iova, length);
    if (reserved.intersects(iova, last)) {
      throw Refused.with(Errno.EINVAL);
    }
    if (areas.first(iova, last) != null) {
      throw Refused.with(Errno.EEXIST);
    }
  }

  private Area insert(PagesSlice slice, long iova, int protection) {
    if ((protection & PagingDomain.WRITE) != 0 && !slice.pages.writable()) {
      throw Refused.with(Errno.EPERM);
    }
    if ((slice.startByte & (UserMemory.PAGE_SIZE - 1) & (alignment - 1)) != 0) {
      throw Refused.with(Errno.EINVAL);
    }
    Iova.last(iova, slice.length);
    Iova.last(slice.startByte, slice.length);
    Area area = new Area(iova, slice.length, slice.startByte, protection);
    if (!Iova.below(area.lastPage, slice.pages.count())) {
      throw Refused.with(Errno.EOVERFLOW);
    }
    areas.insert(area);
    return area;
  }

  private void fillAndPublish(List<PagesSlice> slices) {
    domainsLock.readLock().lock();
    try {
      int done = 0;
      try {
        for (; done < slices.size(); done++) {
          PagesSlice slice = slices.get(done);
          areaOf(slice).fill(domains, slice.pages, largestPage());
        }
      } catch (Refused refused) {
        for (PagesSlice slice : slices.subList(0, done)) {
          areaOf(slice).unfill(domains, slice.pages);
        }
        throw refused;
      }
      iovaLock.writeLock().lock();
      try {
        for (PagesSlice slice : slices) {
          areaOf(slice).pages = slice.pages;
        }
      } finally {
        iovaLock.writeLock().unlock();
      }
    } finally {
      domainsLock.readLock().unlock();
    }
  }

  private static Area areaOf(PagesSlice slice) {
    Area area = slice.area;
    if (area == null) {
      throw new IllegalStateException("a slice was filled before it had an area");
    }
    return area;
  }

  private void withdraw(PagesSlice slice) {
    Area area = slice.area;
    if (area != null) {
      iovaLock.writeLock().lock();
      try {
        areas.remove(area);
      } finally {
        iovaLock.writeLock().unlock();
      }
      slice.area = null;
    }
  }

  /**
   * The slices behind a range, each with a reference ({@code iopt_get_pages}).
   *
   * @throws Refused EINVAL for no bytes, EOVERFLOW past the end, ENOENT where a byte is not mapped,
   *     ENOMEM
   */
  List<PagesSlice> slices(long iova, long length) {
    if (length == 0) {
      throw Refused.with(Errno.EINVAL);
    }
    long last = Iova.last(iova, length);
    List<PagesSlice> slices = new ArrayList<>(1);
    iovaLock.readLock().lock();
    try {
      long next = iova;
      Area area = areas.first(iova, iova);
      while (true) {
        Pages pages = area == null || Iova.above(area.iova, next) ? null : area.pages;
        if (area == null || pages == null) {
          throw Refused.with(Errno.ENOENT);
        }
        long end = Iova.min(last, area.last);
        faults.alloc();
        pages.get();
        slices.add(new PagesSlice(pages, area.startByte(next), end - next + 1));
        if (!Iova.below(area.last, last)) {
          return slices;
        }
        next = area.last + 1;
        area = areas.next(area, last);
      }
    } catch (Refused refused) {
      slices.forEach(slice -> slice.pages.put());
      throw refused;
    } finally {
      iovaLock.readLock().unlock();
    }
  }

  /** How far an unmap got, also when it is refused half-way. */
  static final class Unmapped {
    /** Bytes that are mapped no longer. */
    long bytes;
  }

  /**
   * {@code iopt_add_access}.
   *
   * @throws Refused EADDRINUSE when an area is not aligned as the access needs it, ENOMEM
   */
  void addAccess(Access access) {
    faults.alloc();
    domainsLock.writeLock().lock();
    iovaLock.writeLock().lock();
    try {
      accesses.add(access);
      long needed = neededAlignment();
      try {
        if (Iova.above(needed, alignment)) {
          checkAlignment(needed);
        }
      } catch (Refused refused) {
        accesses.remove(access);
        throw refused;
      }
      alignment = needed;
    } finally {
      iovaLock.writeLock().unlock();
      domainsLock.writeLock().unlock();
    }
  }

  /** {@code iopt_remove_access}. */
  void removeAccess(Access access) {
    domainsLock.writeLock().lock();
    iovaLock.writeLock().lock();
    try {
      accesses.remove(access);
      alignment = neededAlignment();
    } finally {
      iovaLock.writeLock().unlock();
      domainsLock.writeLock().unlock();
    }
  }

  /** The IOVA at an offset in the n-th area; 0 when there is none. */
  long iovaInMapping(int nth, int offset) {
    iovaLock.readLock().lock();
    try {
      Area area = areas.first(0, Iova.MAX);
      for (long i = Integer.toUnsignedLong(nth); i > 0 && area != null; i--) {
        area = areas.next(area, Iova.MAX);
      }
      return area == null ? 0 : area.iova + Integer.toUnsignedLong(offset);
    } finally {
      iovaLock.readLock().unlock();
    }
  }

  /**
   * {@code iopt_unmap_iova}: whole areas only. Areas below one that is refused are gone already.
   *
   * @throws Refused EINVAL for no bytes, EOVERFLOW past the end, ENOENT when the range cuts through
   *     an area, EBUSY when somebody else is changing one or the kernel needs it, EDEADLK when an
   *     access does not let go
   */
  void unmap(long iova, long length, Unmapped unmapped) {
    if (length == 0) {
      throw Refused.with(Errno.EINVAL);
    }
    unmapRange(iova, Iova.last(iova, length), unmapped);
  }

  /** {@code iopt_unmap_all}. */
  void unmapAll(Unmapped unmapped) {
    unmapRange(0, Iova.MAX, unmapped);
  }

  private void unmapRange(long first, long last, Unmapped unmapped) {
    var rest = new Rest(first, last);
    for (Area pinned = unmap(rest, unmapped); pinned != null; pinned = unmap(rest, unmapped)) {
      List<Access> users;
      iovaLock.readLock().lock();
      try {
        users = List.copyOf(accesses);
      } finally {
        iovaLock.readLock().unlock();
      }
      for (Access user : users) {
        user.notifyUnmap(pinned.iova, pinned.length());
      }
      if (++rest.tries > MOST_TRIES) {
        throw Refused.with(Errno.EDEADLK);
      }
    }
  }

  /** What is left of a range to be unmapped. */
  private static final class Rest {
    final long last;
    long start;
    int tries;

    Rest(long start, long last) {
      this.start = start;
      this.last = last;
    }
  }

  /** Unmaps up to an area that an access has pages of, which it answers; null at the end. */
  private @Nullable Area unmap(Rest rest, Unmapped unmapped) {
    domainsLock.readLock().lock();
    iovaLock.writeLock().lock();
    try {
      for (Area area = areas.first(rest.start, rest.last);
          area != null;
          area = areas.first(rest.start, rest.last)) {
        Pages pages = area.pages;
        if (pages == null || area.locks > 0) {
          throw Refused.with(Errno.EBUSY);
        }
        if (Iova.below(area.iova, rest.start) || Iova.above(area.last, rest.last)) {
          throw Refused.with(Errno.ENOENT);
        }
        if (area.iova != rest.start) {
          rest.tries = 0;
        }
        if (area.accesses > 0) {
          rest.start = area.iova;
          area.preventAccess = true;
          return area;
        }
        area.pages = null;
        iovaLock.writeLock().unlock();
        try {
          area.unfill(domains, pages);
        } finally {
          iovaLock.writeLock().lock();
        }
        areas.remove(area);
        pages.put();
        unmapped.bytes += area.length();
        if (!Iova.below(area.last, rest.last)) {
          break;
        }
        // What others map behind us meanwhile is not ours to unmap.
        rest.start = area.last + 1;
      }
      return null;
    } finally {
      iovaLock.writeLock().unlock();
      domainsLock.readLock().unlock();
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
  void cutAfter(long iova) {
    iovaLock.writeLock().lock();
    try {
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
      if (((next | area.startByte(next)) & (alignment - 1)) != 0) {
        throw Refused.with(Errno.EINVAL);
      }
      if (area.accesses > 0) {
        throw Refused.with(Errno.EINVAL);
      }
      faults.alloc();
      faults.alloc();
      areas.remove(area);
      area.split(next).forEach(areas::insert);
    } finally {
      iovaLock.writeLock().unlock();
    }
  }

  /**
   * {@code iommufd_ioas_change_process}: only files can change hands.
   *
   * @param files where what areas map is added
   * @throws Refused EBUSY when somebody is changing an area, EINVAL for user memory
   */
  void addFiles(Set<Pages> files) {
    iovaLock.readLock().lock();
    try {
      for (Area area = areas.first(0, Iova.MAX); area != null; area = areas.next(area, Iova.MAX)) {
        Pages pages = area.pages;
        if (pages == null || !pages.ofFile()) {
          throw Refused.with(pages == null ? Errno.EBUSY : Errno.EINVAL);
        }
        files.add(pages);
      }
    } finally {
      iovaLock.readLock().unlock();
    }
  }

  /** Whether an IOVA is mapped. */
  boolean isMapped(long iova) {
    iovaLock.readLock().lock();
    try {
      Area area = areas.first(iova, iova);
      return area != null && area.pages != null;
    } finally {
      iovaLock.readLock().unlock();
    }
  }

  /** Every area, or those one behind the other from an IOVA on, while none changes. */
  void withAreas(AreasReader reader) {
    iovaLock.readLock().lock();
    try {
      reader.read(areas);
    } finally {
      iovaLock.readLock().unlock();
    }
  }

  /** Takes what {@link #withAreas} hands out. */
  interface AreasReader {
    /** Reads them. */
    void read(AreaTree areas);
  }

  /** The page sizes that every domain has, a bit each; all bits without a domain. */
  long pageSizes() {
    domainsLock.readLock().lock();
    try {
      long sizes = -1;
      for (PagingDomain domain : domains) {
        sizes &= domain.table().pageSizes();
      }
      return sizes;
    } finally {
      domainsLock.readLock().unlock();
    }
  }

  /**
   * {@code iopt_set_allow_iova}.
   *
   * @throws Refused EADDRINUSE when a range is reserved; the old ones stay
   */
  void allow(AllowedIovas ranges) {
    iovaLock.writeLock().lock();
    try {
      ranges
          .lastByStart()
          .forEach((start, last) -> {
            if (reserved.intersects(start, last)) {
              throw Refused.with(Errno.EADDRINUSE);
            }
          });
      allowed = ranges;
    } finally {
      iovaLock.writeLock().unlock();
    }
  }

  /** Works on what is not reserved, which does not change meanwhile. */
  void withUnreserved(HolesReader reader) {
    iovaLock.readLock().lock();
    try {
      reader.read(reserved.holes(0, Iova.MAX), alignment);
    } finally {
      iovaLock.readLock().unlock();
    }
  }

  /** Takes what {@link #withUnreserved} hands out. */
  interface HolesReader {
    /** Steps through the holes. */
    void read(ReservedIovas.Holes holes, long alignment);
  }

  /**
   * {@code iopt_table_enforce_dev_resv_regions}: what a device cannot use, nobody maps.
   *
   * @throws Refused EADDRINUSE when a region is mapped or allowed; all of the device's are gone
   *     then; ENOMEM
   */
  void reserveFor(IommuDevice device) {
    faults.inject(Errno.EINVAL);
    iovaLock.writeLock().lock();
    try {
      for (ReservedRegion region : device.driver().reservedRegions(device)) {
        if (region.type() != ReservedRegion.Type.DIRECT_RELAXABLE) {
          reserve(region.start(), region.last(), device);
        }
      }
    } catch (Refused refused) {
      reserved.removeOwner(device);
      throw refused;
    } finally {
      iovaLock.writeLock().unlock();
    }
  }

  /** {@code iopt_reserve_iova}, for the table's own life. */
  void reserve(long start, long last) {
    iovaLock.writeLock().lock();
    try {
      reserve(start, last, this);
    } finally {
      iovaLock.writeLock().unlock();
    }
  }

  private void reserve(long start, long last, Object owner) {
    if (areas.first(start, last) != null || allowed.intersects(start, last)) {
      throw Refused.with(Errno.EADDRINUSE);
    }
    faults.alloc();
    reserved.add(start, last, owner);
  }

  /** {@code iopt_remove_reserved_iova}. */
  void unreserve(IommuDevice device) {
    iovaLock.writeLock().lock();
    try {
      reserved.removeOwner(device);
    } finally {
      iovaLock.writeLock().unlock();
    }
  }

  /**
   * {@code iopt_table_add_domain}: maps every area into one more domain, from then on kept in step.
   *
   * @throws Refused EINVAL when the domain's smallest page is larger than the CPU's, EADDRINUSE
   *     when an area is misaligned for it or outside its aperture, EFAULT or ENOMEM when pages
   *     cannot be pinned; nothing has changed then
   */
  void addDomain(PagingDomain domain) {
    domainsLock.writeLock().lock();
    iovaLock.writeLock().lock();
    try {
      long needed = Iova.max(domain.table().smallestPage(), alignment);
      if (Iova.above(needed, UserMemory.PAGE_SIZE)) {
        throw Refused.with(Errno.EINVAL);
      }
      if (needed != alignment) {
        checkAlignment(needed);
      }
      long first = domain.table().apertureFirst();
      long last = domain.table().apertureLast();
      try {
        if (first != 0) {
          reserve(0, first - 1, domain);
        }
        if (last != Iova.MAX) {
          reserve(last + 1, Iova.MAX, domain);
        }
        faults.alloc(); // The domain's place among the others.
        fillDomain(domain);
      } catch (Refused refused) {
        reserved.removeOwner(domain);
        throw refused;
      }
      alignment = needed;
      domains.add(domain);
    } finally {
      iovaLock.writeLock().unlock();
      domainsLock.writeLock().unlock();
    }
  }

  private void fillDomain(PagingDomain domain) {
    Area area = areas.first(0, Iova.MAX);
    try {
      for (; area != null; area = areas.next(area, Iova.MAX)) {
        Pages pages = area.pages;
        if (pages != null) {
          area.fillDomain(domain, pages, largestPage());
        }
      }
    } catch (Refused refused) {
      for (Area undo = areas.first(0, Iova.MAX);
          undo != null && undo != area;
          undo = areas.next(undo, Iova.MAX)) {
        Pages pages = undo.pages;
        if (pages != null) {
          undo.unfillDomain(domain, pages, domains.isEmpty());
        }
      }
      throw refused;
    }
  }

  /** {@code iopt_table_remove_domain}: the last one to go unpins the pages. */
  void removeDomain(PagingDomain domain) {
    domainsLock.writeLock().lock();
    iovaLock.writeLock().lock();
    try {
      domains.remove(domain);
      for (Area area = areas.first(0, Iova.MAX); area != null; area = areas.next(area, Iova.MAX)) {
        Pages pages = area.pages;
        if (pages != null) {
          area.unfillDomain(domain, pages, domains.isEmpty());
        }
      }
      reserved.removeOwner(domain);
      alignment = neededAlignment();
    } finally {
      iovaLock.writeLock().unlock();
      domainsLock.writeLock().unlock();
    }
  }

  /** {@code batch_iommu_map_small}: without large pages each is mapped by itself. */
  private long largestPage() {
    return smallPagesOnly ? UserMemory.PAGE_SIZE : -1;
  }

  private void checkAlignment(long needed) {
    long mask = needed - 1;
    for (Area area = areas.first(0, Iova.MAX); area != null; area = areas.next(area, Iova.MAX)) {
      if (((area.iova | area.length() | area.pageOffset) & mask) != 0) {
        throw Refused.with(Errno.EADDRINUSE);
      }
    }
  }

  private long neededAlignment() {
    long needed = smallPagesOnly ? UserMemory.PAGE_SIZE : 1;
    for (PagingDomain domain : domains) {
      needed = Iova.max(needed, domain.table().smallestPage());
    }
    for (Access access : accesses) {
      needed = Iova.max(needed, access.alignment());
    }
    return needed;
  }

  /**
   * {@code iopt_enable_large_pages} and {@code iopt_disable_large_pages}.
   *
   * @throws Refused EINVAL to turn them off once domains hold areas, EADDRINUSE when an area is not
   *     made of whole pages
   */
  void largePages(boolean on) {
    domainsLock.writeLock().lock();
    iovaLock.writeLock().lock();
    try {
      if (on) {
        smallPagesOnly = false;
        alignment = neededAlignment();
        return;
      }
      if (smallPagesOnly) {
        return;
      }
      if (!domains.isEmpty() && !areas.isEmpty()) {
        throw Refused.with(Errno.EINVAL);
      }
      if (alignment < UserMemory.PAGE_SIZE) {
        checkAlignment(UserMemory.PAGE_SIZE);
      }
      smallPagesOnly = true;
      alignment = neededAlignment();
    } finally {
      iovaLock.writeLock().unlock();
      domainsLock.writeLock().unlock();
    }
  }
}
