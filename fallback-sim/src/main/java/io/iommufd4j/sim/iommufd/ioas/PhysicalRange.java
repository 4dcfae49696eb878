// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.ioas;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;

/**
 * A piece of physical memory behind an IOVA.
 *
 * @param address physical, in bytes
 * @param length in bytes
 */
public record PhysicalRange(long address, long length) {

  /**
   * {@code iopt_get_phys}: a piece of one area, page by page for as long as they lie together.
   *
   * @param most bytes that are asked for
   * @throws Refused ENOENT where nothing is mapped, EINVAL for a device's buffer that was taken
   *     back, EOPNOTSUPP where the domain that holds the pages is an IOMMU's or there is none
   */
  public static PhysicalRange behind(IoPageTable table, long iova, long most) {
    try (var _ = table.iovaLock.reading()) {
      Area area = table.space.areas().first(iova, iova);
      if (area == null || area.pages == null) {
        throw Refused.with(Errno.ENOENT);
      }
      try (var _ = area.pages.pinned().lock.guard()) {
        return behind(area, iova, most);
      }
    }
  }

  private static PhysicalRange behind(Area area, long iova, long most) {
    long physical = area.physical(iova);
    long page = UserMemory.PAGE_SIZE - (iova & (UserMemory.PAGE_SIZE - 1));
    long length = Iova.min(page, area.last - iova + 1);
    while (Iova.below(length, most)
        && !Iova.above(length, area.last - iova)
        && area.physical(iova + length) == physical + length) {
      length += Iova.min(UserMemory.PAGE_SIZE, area.last - (iova + length) + 1);
    }
    return new PhysicalRange(physical, Iova.min(length, most));
  }
}
