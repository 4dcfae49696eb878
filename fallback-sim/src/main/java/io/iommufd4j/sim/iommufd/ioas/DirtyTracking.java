// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.ioas;

import io.iommufd4j.sim.iommu.PagingDomain;

/** The pages that DMA wrote, in one domain of an IOAS. */
public final class DirtyTracking {

  private final IoPageTable table;
  private final PagingDomain domain;

  /** The dirty tracking of a domain for the mappings of a table. */
  public DirtyTracking(IoPageTable table, PagingDomain domain) {
    this.table = table;
    this.domain = domain;
  }

  /** {@code iopt_set_dirty_tracking}: turning it on forgets what was dirty before. */
  public void enable(boolean on) {
    table.withAreas(areas -> {
      if (on) {
        forget(areas);
      }
      domain.setDirtyTracking(on);
    });
  }

  /** {@code iopt_clear_dirty_data}. */
  private void forget(AreaTree areas) {
    for (Area area = areas.first(); area != null; area = areas.next(area)) {
      if (area.pages != null) {
        domain.table().readDirty(area.iova, area.last, false, (iova, bytes) -> {});
      }
    }
  }

  /**
   * {@code iopt_read_and_clear_dirty_data}: up to the first gap.
   *
   * @param last inclusive
   * @param keep whether what is dirty stays so
   */
  public void read(long iova, long last, boolean keep, DirtyBitmap bitmap) {
    table.withAreas(areas -> {
      var range = new ContiguousAreas(areas, iova, last);
      while (range.next()) {
        domain.table().readDirty(range.iova(), range.last(), keep, bitmap::set);
      }
    });
    bitmap.flush();
  }
}
