// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.mm;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** User pages that DMA can use, and how often each is pinned ({@code mm/gup.c}). */
final class PinnedUserPages {

  private final AddressSpace space;
  private final @Nullable HostMemory host;
  private final PinCounts counts = new PinCounts();
  private final ConcurrentHashMap<Object, PinCounts> fileCounts = new ConcurrentHashMap<>();

  PinnedUserPages(AddressSpace space, @Nullable HostMemory host) {
    this.space = space;
    this.host = host;
  }

  /**
   * {@code pin_user_pages}.
   *
   * @throws Refused as {@link UserMemory#pin}
   */
  void pin(long address, long pages, boolean writable) {
    if (address < 0 || pages <= 0 || pages > (Long.MAX_VALUE - address) / UserMemory.PAGE_SIZE) {
      throw Refused.with(Errno.EFAULT);
    }
    long end = address + pages * UserMemory.PAGE_SIZE;
    for (long at = address; at < end; ) {
      Mapping mapping = space.covering(at);
      long stop = space.reach(mapping, at, end);
      long piece = (stop - at) / UserMemory.PAGE_SIZE;
      boolean pinned =
          mapping != null ? pin(mapping, at, piece, writable) : there(at, piece, writable);
      if (!pinned) {
        if (at > address) {
          unpin(address, (at - address) / UserMemory.PAGE_SIZE);
        }
        throw Refused.with(Errno.EFAULT);
      }
      count(mapping, at, piece, 1);
      at = stop;
    }
  }

  private static boolean pin(Mapping mapping, long at, long pages, boolean writable) {
    return mapping.mapped(at, pages * UserMemory.PAGE_SIZE)
        && mapping.backed(at, pages * UserMemory.PAGE_SIZE)
        && mapping.pinnable()
        && (writable ? mapping.protection().writable() : mapping.protection().readable())
        && mapping.pin(pages);
  }

  private boolean there(long address, long pages, boolean writable) {
    return host != null && host.there(address, pages, writable);
  }

  /** {@code unpin_user_pages}. */
  void unpin(long address, long pages) {
    long end = address + pages * UserMemory.PAGE_SIZE;
    for (long at = address; at < end; ) {
      Mapping mapping = space.covering(at);
      long stop = space.reach(mapping, at, end);
      long piece = (stop - at) / UserMemory.PAGE_SIZE;
      count(mapping, at, piece, -1);
      if (mapping != null) {
        mapping.unpin(piece);
      }
      at = stop;
    }
  }

  private void count(@Nullable Mapping mapping, long address, long pages, int change) {
    long page = page(mapping, address);
    Object file = file(mapping);
    if (file == null) {
      counts.add(page, pages, change);
    } else {
      countOfFile(file, page, pages, change);
    }
  }

  private void countOfFile(Object file, long page, long pages, int change) {
    fileCounts.compute(
        file,
        (_, known) -> {
          PinCounts all = known == null ? new PinCounts() : known;
          all.add(page, pages, change);
          return all.isEmpty() ? null : all;
        });
  }

  /**
   * True if a page that is of no file is pinned; it is given by its number in the address space.
   */
  boolean pinned(long page) {
    return counts.of(page) > 0;
  }

  /**
   * The pin count of the page at a user address.
   *
   * @throws Refused as {@link UserMemory#pins}
   */
  int pins(long address) {
    Mapping mapping = mappingOfPage(address);
    if (mapping != null && mapping.huge()) {
      return UserMemory.UNCOUNTED;
    }
    Object file = file(mapping);
    PinCounts all = file == null ? counts : fileCounts.get(file);
    return all == null ? 0 : all.of(page(mapping, address));
  }

  /**
   * True if the page at a user address is the one that is pinned at a physical address.
   *
   * @throws Refused as {@link UserMemory#samePage}
   */
  boolean samePage(long address, long physical) {
    Mapping mapping = mappingOfPage(address);
    Mapping pinned = space.covering(physical);
    return file(mapping) == file(pinned) && page(mapping, address) == page(pinned, physical);
  }

  /** The mapping of a page that is there; null for one that this did not hand out. */
  private @Nullable Mapping mappingOfPage(long address) {
    Mapping mapping = address < 0 ? null : space.covering(address);
    boolean there =
        mapping != null
            ? mapping.mapped(address, 1) && mapping.pinnable() && mapping.protection().readable()
            : address >= 0 && there(address & -UserMemory.PAGE_SIZE, 1, false);
    if (!there) {
      throw Refused.with(Errno.EFAULT);
    }
    return mapping;
  }

  /** The file that a page's number counts in; null where it counts in the address space. */
  private static @Nullable Object file(@Nullable Mapping mapping) {
    return mapping == null ? null : mapping.file();
  }

  private static long page(@Nullable Mapping mapping, long address) {
    return mapping == null ? address / UserMemory.PAGE_SIZE : mapping.page(address);
  }
}
