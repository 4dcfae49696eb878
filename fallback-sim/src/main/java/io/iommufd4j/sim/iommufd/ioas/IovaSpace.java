// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.ioas;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.PagingDomain;
import io.iommufd4j.sim.iommu.hardware.ReservedRegion;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;

/**
 * The IOVAs of an IOAS: those taken by areas, those reserved permanently, and those that the kernel
 * may choose from ({@code area_itree}, {@code reserved_itree}, {@code allowed_itree}). Guarded by
 * the IOVA lock.
 */
final class IovaSpace {

  private final FaultPlan faults;
  private final AreaTree areas = new AreaTree();
  private final ReservedIovas reserved = new ReservedIovas();
  private AllowedIovas allowed = AllowedIovas.ANY;
  private volatile long alignment = 1;

  IovaSpace(FaultPlan faults) {
    this.faults = faults;
  }

  /** The areas that take IOVAs. */
  AreaTree areas() {
    return areas;
  }

  /** The ranges that are not reserved. */
  ReservedIovas.Holes unreserved() {
    return reserved.holes(0, Iova.MAX);
  }

  /**
   * {@code iova_alignment}, in bytes: what an IOVA, a length and an offset in a page must be
   * multiples of. Read by everybody.
   */
  long alignment() {
    return alignment;
  }

  /** Asks for another alignment from now on. */
  void alignment(long bytes) {
    alignment = bytes;
  }

  /**
   * {@code iopt_check_iova_alignment}.
   *
   * @throws Refused EADDRINUSE when an area is not aligned so
   */
  void requireAligned(long bytes) {
    long mask = bytes - 1;
    for (Area area = areas.first(); area != null; area = areas.next(area)) {
      if (((area.iova | area.length() | area.pageOffset()) & mask) != 0) {
        throw Refused.with(Errno.EADDRINUSE);
      }
    }
  }

  /**
   * Gives slices their areas, one behind the other ({@code iopt_alloc_area_pages}). Where it fails
   * some of them have theirs, for {@link #remove}.
   *
   * @param length of all of them in bytes
   * @param fixed whether {@code iova} says where to; else the lowest suitable place is chosen
   * @return the first IOVA
   * @throws Refused as {@link IoPageTable#map}
   */
  long insert(PagesSlice first, long length, boolean fixed, long iova, int protection) {
    if ((length & (alignment - 1)) != 0 || length == 0) {
      throw Refused.with(Errno.EINVAL);
    }
    long start = iova;
    if (fixed) {
      requireFree(iova, length);
    } else {
      start = IovaAllocator.choose(areas, reserved, allowed, first.start(), length, alignment);
    }
    long next = start;
    for (PagesSlice slice = first; slice != null; slice = slice.next) {
      insert(slice, next, protection);
      next += slice.length;
    }
    return start;
  }

  private void requireFree(long iova, long length) {
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

  /** {@code iopt_insert_area}. */
  private void insert(PagesSlice slice, long iova, int protection) {
    if ((protection & PagingDomain.WRITE) != 0 && !slice.pages.writable()) {
      throw Refused.with(Errno.EPERM);
    }
    if ((slice.startByte & (UserMemory.PAGE_SIZE - 1) & (alignment - 1)) != 0) {
      throw Refused.with(Errno.EINVAL);
    }
    Iova.last(iova, slice.length);
    Iova.last(slice.startByte, slice.length);
    Area area = new Area(iova, slice.length, slice.startByte, protection);
    areas.insert(area);
    slice.area = area;
  }

  /** Takes back what {@link #insert} gave. */
  void remove(PagesSlice first) {
    for (PagesSlice slice = first; slice != null; slice = slice.next) {
      if (slice.area != null) {
        areas.remove(slice.area);
        slice.area = null;
      }
    }
  }

  /**
   * {@code iopt_set_allow_iova}.
   *
   * @throws Refused EADDRINUSE when a range is reserved; the old ones stay
   */
  void allow(AllowedIovas ranges) {
    ranges
        .lastByStart()
        .forEach((start, last) -> {
          if (reserved.intersects(start, last)) {
            throw Refused.with(Errno.EADDRINUSE);
          }
        });
    allowed = ranges;
  }

  /**
   * {@code iopt_table_enforce_dev_resv_regions}: what a device cannot use, nobody maps.
   *
   * @throws Refused EADDRINUSE when a region is mapped or allowed; all of the device's are gone
   *     then; ENOMEM
   */
  void reserveFor(IommuDevice device) {
    try {
      for (ReservedRegion region : device.driver().reservedRegions(device)) {
        if (region.type() != ReservedRegion.Type.DIRECT_RELAXABLE) {
          reserve(region.start(), region.last(), device);
        }
      }
    } catch (Refused refused) {
      unreserve(device);
      throw refused;
    }
  }

  /**
   * Reserves all IOVAs that a domain's table does not reach, so that nobody maps them.
   *
   * @throws Refused EADDRINUSE when one of them is mapped or allowed; none is reserved then; ENOMEM
   */
  void reserveOutside(PagingDomain domain) {
    long first = domain.table().apertureFirst();
    long last = domain.table().apertureLast();
    try {
      if (first != 0) {
        reserve(0, first - 1, domain);
      }
      if (last != Iova.MAX) {
        reserve(last + 1, Iova.MAX, domain);
      }
    } catch (Refused refused) {
      unreserve(domain);
      throw refused;
    }
  }

  /**
   * {@code iopt_reserve_iova}.
   *
   * @param last inclusive
   * @param owner for {@link #unreserve}
   * @throws Refused EADDRINUSE when some of it is mapped or allowed, ENOMEM
   */
  void reserve(long start, long last, Object owner) {
    if (areas.first(start, last) != null || allowed.intersects(start, last)) {
      throw Refused.with(Errno.EADDRINUSE);
    }
    faults.alloc();
    reserved.add(start, last, owner);
  }

  /** {@code iopt_remove_reserved_iova}: forgets all that one owner reserved. */
  void unreserve(Object owner) {
    reserved.removeOwner(owner);
  }
}
