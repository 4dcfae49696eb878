// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.ioas;

import io.iommufd4j.sim.iommu.PagingDomain;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The domains that carry a copy of what an IOAS maps ({@code io_pagetable::domains}), kept in step
 * with its areas. Guarded by the domains lock.
 */
final class IoasDomains {

  private final FaultPlan faults;
  private final List<PagingDomain> domains = new ArrayList<>();
  private volatile boolean smallPagesOnly;

  IoasDomains(FaultPlan faults) {
    this.faults = faults;
  }

  boolean isEmpty() {
    return domains.isEmpty();
  }

  /** {@code disable_large_pages}. Read by everybody. */
  boolean smallPagesOnly() {
    return smallPagesOnly;
  }

  /** Sets whether areas are mapped page by page from now on. */
  void smallPagesOnly(boolean only) {
    smallPagesOnly = only;
  }

  /** The page sizes that every domain has, a bit each; all bits without a domain. */
  long pageSizes() {
    long sizes = -1;
    for (PagingDomain domain : domains) {
      sizes &= domain.table().pageSizes();
    }
    return sizes;
  }

  /** The bytes that IOVAs have to be aligned to for the domains to hold them. */
  long alignment() {
    long needed = smallPagesOnly ? UserMemory.PAGE_SIZE : 1;
    for (PagingDomain domain : domains) {
      needed = Iova.max(needed, domain.table().smallestPage());
    }
    return needed;
  }

  /**
   * Maps new areas into every domain ({@code iopt_fill_domains_pages}).
   *
   * @throws Refused as {@link Area#fill}; nothing is mapped then
   */
  void fill(PagesSlice first) {
    for (PagesSlice slice = first; slice != null; slice = slice.next) {
      try {
        slice.area().fill(domains, slice.pages, largestPage());
      } catch (Refused refused) {
        for (PagesSlice done = first; done != null && done != slice; done = done.next) {
          unfill(done.area(), done.pages);
        }
        throw refused;
      }
    }
  }

  /** Unmaps an area from every domain. */
  void unfill(Area area, Pages pages) {
    area.unfill(domains, pages);
  }

  /**
   * One more domain ({@code iopt_fill_domain}): maps every area into it.
   *
   * @throws Refused as {@link Area#fill}, ENOMEM; nothing has changed then
   */
  void add(PagingDomain domain, AreaTree areas) {
    faults.alloc(); // Its place among the others.
    Area area = areas.first();
    try {
      for (; area != null; area = areas.next(area)) {
        Pages pages = area.pages;
        if (pages != null) {
          area.fillDomain(domain, pages, largestPage());
        }
      }
    } catch (Refused refused) {
      unfill(domain, areas, area);
      throw refused;
    }
    domains.add(domain);
  }

  /** {@code iopt_unfill_domain}: one domain less; the last one to go unpins the pages. */
  void remove(PagingDomain domain, AreaTree areas) {
    // Linux fills the gap with the last one: it matters to who is first.
    int place = domains.indexOf(domain);
    PagingDomain last = domains.removeLast();
    if (last != domain) {
      domains.set(place, last);
    }
    unfill(domain, areas, null);
  }

  /** Unmaps the areas before one from a domain; all of them before null. */
  private void unfill(PagingDomain domain, AreaTree areas, @Nullable Area end) {
    PagingDomain next = domains.isEmpty() ? null : domains.getFirst();
    for (Area area = areas.first(); area != null && area != end; area = areas.next(area)) {
      Pages pages = area.pages;
      if (pages != null) {
        area.unfillDomain(domain, pages, next);
      }
    }
  }

  /** {@code batch_iommu_map_small}: without large pages each is mapped by itself. */
  private long largestPage() {
    return smallPagesOnly ? UserMemory.PAGE_SIZE : -1;
  }
}
