// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.ioas;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import java.util.Map;

/**
 * Chooses IOVAs as {@code iopt_alloc_iova} does: the lowest place that is allowed, not reserved and
 * not mapped, aligned like the memory so that large pages can be used on both sides, never 0.
 */
final class IovaAllocator {

  /** {@code HPAGE_SIZE}: alignment beyond it gains nothing. */
  private static final long HUGE_PAGE = 2L << 20;

  private IovaAllocator() {}

  /**
   * Finds room.
   *
   * @param start where the memory starts: a user address or an offset in a file
   * @param length in bytes, not 0
   * @param required alignment that the IOAS's domains ask for
   * @throws Refused EOVERFLOW for half the address space or more, EINVAL when the memory is less
   *     aligned than the domains ask, ENOSPC when nothing is free
   */
  static long choose(
      AreaTree areas,
      ReservedIovas reserved,
      AllowedIovas allowed,
      long start,
      long length,
      long required) {
    if (!Iova.below(length, Long.MAX_VALUE)) {
      throw Refused.with(Errno.EOVERFLOW);
    }
    long alignment = length == 1 ? 1 : Long.highestOneBit(length - 1) << 1;
    if (start != 0) {
      alignment = Iova.min(alignment, Long.lowestOneBit(start));
    }
    alignment = Iova.min(alignment, HUGE_PAGE);
    if (alignment < required) {
      throw Refused.with(Errno.EINVAL);
    }
    var room = new AreaTree.Room(length, alignment, start & (UserMemory.PAGE_SIZE - 1));
    long lowest = UserMemory.PAGE_SIZE;
    long highest = Iova.MAX - UserMemory.PAGE_SIZE;
    long found =
        allowed.isAny()
            ? within(areas, reserved, lowest, highest, room)
            : withinAllowed(areas, reserved, allowed, lowest, highest, room);
    if (found == AreaTree.NONE) {
      throw Refused.with(Errno.ENOSPC);
    }
    return found;
  }

  private static long withinAllowed(
      AreaTree areas,
      ReservedIovas reserved,
      AllowedIovas allowed,
      long lowest,
      long highest,
      AreaTree.Room room) {
    long spanStart = 0;
    long spanLast = 0;
    boolean open = false;
    for (Map.Entry<Long, Long> range : allowed.lastByStart().entrySet()) {
      if (Iova.below(range.getValue(), lowest) || Iova.above(range.getKey(), highest)) {
        continue;
      }
      // Ranges that touch are one.
      if (open && range.getKey() == spanLast + 1) {
        spanLast = range.getValue();
        continue;
      }
      if (open) {
        long found = within(areas, reserved, Iova.max(spanStart, lowest), spanLast, room);
        if (found != AreaTree.NONE) {
          return found;
        }
      }
      open = true;
      spanStart = range.getKey();
      spanLast = range.getValue();
    }
    return open
        ? within(areas, reserved, Iova.max(spanStart, lowest), Iova.min(spanLast, highest), room)
        : AreaTree.NONE;
  }

  private static long within(
      AreaTree areas, ReservedIovas reserved, long first, long last, AreaTree.Room room) {
    long start = room.lowest(first, last);
    if (start == AreaTree.NONE) {
      return AreaTree.NONE;
    }
    ReservedIovas.Holes holes = reserved.holes(start, last);
    while (holes.next()) {
      long found = areas.lowestFit(holes.start(), holes.last(), room);
      if (found != AreaTree.NONE) {
        return found;
      }
    }
    return AreaTree.NONE;
  }
}
