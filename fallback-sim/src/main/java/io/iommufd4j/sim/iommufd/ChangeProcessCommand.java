package io.iommufd4j.sim.iommufd;

import io.iommufd4j.bindings.iommufd.iommu_ioas_change_process;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.Accounting;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/**
 * {@code IOMMU_IOAS_CHANGE_PROCESS}: the process that calls pays for what is pinned from now on.
 * Only files can change hands.
 */
final class ChangeProcessCommand {

  private ChangeProcessCommand() {}

  /**
   * EOPNOTSUPP for reserved fields, EBUSY when an area is being changed, EINVAL when one is not a
   * file's, ENOMEM when the process that calls may not pin what it would pay for: nothing changes
   * hands then.
   */
  static void execute(Command command) {
    if (iommu_ioas_change_process.__reserved(command.block()) != 0) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    Set<Pages> files = Collections.newSetFromMap(new IdentityHashMap<>());
    for (IommufdObject object : command.objects().all()) {
      if (object instanceof Ioas ioas) {
        ioas.table.withAreas(areas -> addFiles(areas, files));
      }
    }
    IommufdContext context = command.context();
    synchronized (context) {
      files.forEach(pages -> pages.lock.lock());
      try {
        changePayer(files, context.accounting());
      } finally {
        files.forEach(pages -> pages.lock.unlock());
      }
    }
  }

  /** Adds what is behind areas ({@code for_each_ioas_area}). */
  private static void addFiles(AreaTree areas, Set<Pages> files) {
    for (Area area = areas.first(); area != null; area = areas.next(area)) {
      Pages pages = area.pages;
      if (pages == null || !pages.ofFile()) {
        throw Refused.with(pages == null ? Errno.EBUSY : Errno.EINVAL);
      }
      files.add(pages);
    }
  }

  /** {@code charge_current}, then {@code change_mm}: all that is due is charged before any goes. */
  private static void changePayer(Set<Pages> files, Accounting next) {
    for (Accounting.Mode mode : Accounting.Mode.values()) {
      long due = due(files, mode, next);
      try {
        if (due > 0) {
          next.charge(mode, due);
        }
      } catch (Refused refused) {
        for (Accounting.Mode charged : Accounting.Mode.values()) {
          if (charged.compareTo(mode) < 0) {
            next.uncharge(charged, due(files, charged, next));
          }
        }
        throw refused;
      }
    }
    files.forEach(pages -> pages.changePayer(next));
  }

  private static long due(Set<Pages> files, Accounting.Mode mode, Accounting next) {
    return files.stream().filter(p -> p.mode() == mode).mapToLong(p -> p.dueFrom(next)).sum();
  }
}
