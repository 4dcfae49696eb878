// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.ioas;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.PagingDomain;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The pages of an IOAS as a kernel's own access reaches them: pinned for a while, or copied to and
 * from.
 */
public final class AccessPages {

  private final IoPageTable table;
  private final boolean internal;

  /**
   * The pages behind a table.
   *
   * @param internal whether the access is iommufd's own: what it pins cannot be unmapped
   */
  public AccessPages(IoPageTable table, boolean internal) {
    this.table = table;
    this.internal = internal;
  }

  /**
   * {@code iommufd_access_pin_pages}: keeps the pages behind a range until {@link #unpin} with the
   * same range.
   *
   * @param last inclusive
   * @return the physical address of each page, in order
   * @throws Refused EINVAL for a part of a page and where the range is on its way out; ENOENT where
   *     nothing is mapped; EPERM for what may not be read or written; EFAULT or EINVAL when a page
   *     cannot be pinned, ENOMEM over the limit. Nothing is pinned then
   */
  public long[] pin(long iova, long last, boolean write) {
    List<Long> physical = new ArrayList<>();
    table.withAreas(areas -> pin(areas, iova, last, write, physical));
    return physical.stream().mapToLong(Long::longValue).toArray();
  }

  private void pin(AreaTree areas, long iova, long last, boolean write, List<Long> physical) {
    var range = new ContiguousAreas(areas, iova, last);
    try {
      while (range.next()) {
        Area area = range.area();
        if (area.preventAccess || !aligned(range)) {
          throw Refused.with(Errno.EINVAL);
        }
        requireAllowed(area, write);
        area.addAccess(range.firstPage(), range.lastPage(), write, internal, physical);
      }
      if (!range.reachesEnd()) {
        throw Refused.with(Errno.ENOENT);
      }
    } catch (Refused refused) {
      if (Iova.below(iova, range.iova())) {
        unpin(areas, iova, range.iova() - 1);
      }
      throw refused;
    }
  }

  private static boolean aligned(ContiguousAreas range) {
    Area area = range.area();
    long mask = UserMemory.PAGE_SIZE - 1;
    return (area.startByte(range.iova()) & mask) == 0
        && (range.reachesEnd() || (area.startByte(area.last) & mask) == mask);
  }

  private static void requireAllowed(Area area, boolean write) {
    int needed = write ? PagingDomain.WRITE : PagingDomain.READ;
    if ((area.protection & needed) == 0) {
      throw Refused.with(Errno.EPERM);
    }
  }

  /**
   * {@code iommufd_access_unpin_pages}: undoes {@link #pin}, with the same range.
   *
   * @param last inclusive
   */
  public void unpin(long iova, long last) {
    table.withAreas(areas -> unpin(areas, iova, last));
  }

  private void unpin(AreaTree areas, long iova, long last) {
    var range = new ContiguousAreas(areas, iova, last);
    while (range.next()) {
      range.area().removeAccess(range.firstPage(), range.lastPage(), internal);
    }
  }

  /**
   * {@code iommufd_access_rw}: copies bytes at any alignment. What was copied before a refusal
   * stays copied.
   *
   * @param last inclusive
   * @param data the kernel's bytes, as many as the range has
   * @param write into the IOAS, or out of it
   * @param slow whether to reach the pages as a device does, even the calling process' own
   * @param caller the memory of the process that calls
   * @throws Refused EINVAL where the range is on its way out; ENOENT where nothing is mapped; EPERM
   *     for what may not be read or written; EFAULT or EINVAL when a page is not there
   */
  public void copy(
      long iova, long last, MemorySegment data, boolean write, boolean slow, UserMemory caller) {
    table.withAreas(areas -> {
      var range = new ContiguousAreas(areas, iova, last);
      while (range.next()) {
        Area area = range.area();
        if (area.preventAccess) {
          throw Refused.with(Errno.EINVAL);
        }
        requireAllowed(area, write);
        MemorySegment piece = data.asSlice(range.iova() - iova, range.last() - range.iova() + 1);
        Pages pages = area.backing();
        pages.copy(area.startByte(range.iova()), piece, write, slow || pages.ofOther(caller));
      }
      if (!range.reachesEnd()) {
        throw Refused.with(Errno.ENOENT);
      }
    });
  }
}
