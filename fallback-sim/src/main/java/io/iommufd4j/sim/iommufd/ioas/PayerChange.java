// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.ioas;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.Accounting;
import java.util.HashMap;
import java.util.Map;

/** Makes somebody else pay for all the pages behind some IOASes; only files can change hands. */
public final class PayerChange {

  private final Map<Pages, PinnedPages> files = new HashMap<>();

  /** A change of nothing yet. */
  public PayerChange() {}

  /**
   * Adds what is behind a table ({@code for_each_ioas_area}).
   *
   * @throws Refused EBUSY when an area is being changed, EINVAL when one is not a file's
   */
  public void add(IoPageTable table) {
    table.withAreas(areas -> {
      for (Area area = areas.first(); area != null; area = areas.next(area)) {
        Pages pages = area.pages;
        if (pages == null || !(pages instanceof FilePages)) {
          throw Refused.with(pages == null ? Errno.EBUSY : Errno.EINVAL);
        }
        files.put(pages, pages.pinned());
      }
    });
  }

  /**
   * Carries it out. Only one change may run at a time.
   *
   * @throws Refused ENOMEM when the next payer may not pin what it would pay for: nothing changes
   *     hands then
   */
  public void payBy(Accounting next) {
    files.values().forEach(pinned -> pinned.lock.lock());
    try {
      charge(next);
      files.values().forEach(pinned -> pinned.changePayer(next));
    } finally {
      files.values().forEach(pinned -> pinned.lock.unlock());
    }
  }

  /** {@code charge_current}: all that is due is charged before any pages change hands. */
  private void charge(Accounting next) {
    for (Accounting.Mode mode : Accounting.Mode.values()) {
      long due = due(mode, next);
      try {
        if (due > 0) {
          next.charge(mode, due);
        }
      } catch (Refused refused) {
        for (Accounting.Mode charged : Accounting.Mode.values()) {
          if (charged.compareTo(mode) < 0) {
            next.uncharge(charged, due(charged, next));
          }
        }
        throw refused;
      }
    }
  }

  private long due(Accounting.Mode mode, Accounting next) {
    return files.entrySet().stream()
        .filter(file -> file.getKey().mode() == mode)
        .mapToLong(file -> file.getValue().dueFrom(next))
        .sum();
  }
}
