// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.mm;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The memory that {@code mmap} handed out, by address ({@code struct mm_struct}): mapped, or
 * unmapped and still pinned. Addresses of user memory are positive.
 */
final class AddressSpace {

  /** A power of two. */
  private static final int PLACES = 64;

  private static final int PLACE_SHIFT = 21;

  private final ConcurrentSkipListMap<Long, Mapping> mappings = new ConcurrentSkipListMap<>();

  /**
   * Mappings that were looked for, by the place that a number of megabytes share: to pin a page
   * again and again takes no search. Races only lose an entry, and a mapping whose memory is gone
   * is not taken from here.
   */
  private final @Nullable Mapping[] recent = new @Nullable Mapping[PLACES];

  private final List<MemorySegment> deadRegisters = new ArrayList<>();

  /**
   * Maps.
   *
   * @param file the pages' file; null for pages of the mapping's own
   * @param free what ends the memory once it is unmapped and unpinned
   * @return its address
   */
  long map(
      MemorySegment memory,
      Protection protection,
      Mapping.Kind kind,
      Mapping.@Nullable FilePages file,
      Runnable free) {
    return map(memory, protection, kind, file, -1, free);
  }

  /**
   * Maps registers of a device.
   *
   * @param registers the physical address of the first; −1 when they have none
   */
  long mapRegisters(MemorySegment memory, Protection protection, long registers, Runnable free) {
    return map(memory, protection, Mapping.Kind.DEVICE, null, registers, free);
  }

  private long map(
      MemorySegment memory,
      Protection protection,
      Mapping.Kind kind,
      Mapping.@Nullable FilePages file,
      long registers,
      Runnable free) {
    // Out of the map before the memory is gone: its address may be given out again at once.
    Consumer<Mapping> gone =
        mapping -> {
          mappings.remove(mapping.start(), mapping);
          free.run();
        };
    mappings.put(memory.address(), new Mapping(memory, protection, kind, file, registers, gone));
    return memory.address();
  }

  /** Lists the memory without a name that is mapped, as {@code /proc/PID/maps} does. */
  void show(StringBuilder lines) {
    for (Mapping mapping : mappings.values()) {
      if (mapping.mapped() && mapping.pinnable() && mapping.file() == null) {
        Protection protection = mapping.protection();
        lines.append(
            "%08x-%08x %s%s-p 00000000 00:00 0\n"
                .formatted(
                    mapping.start(),
                    mapping.end(),
                    protection.readable() ? "r" : "-",
                    protection.writable() ? "w" : "-"));
      }
    }
  }

  /**
   * {@code munmap}.
   *
   * @throws Refused as {@link ProcessMemory#unmap}
   */
  void unmap(long address, long bytes) {
    long pages = bytes / UserMemory.PAGE_SIZE + (bytes % UserMemory.PAGE_SIZE == 0 ? 0 : 1);
    long end = address + pages * UserMemory.PAGE_SIZE;
    if (address < 0 || address % UserMemory.PAGE_SIZE != 0 || bytes <= 0 || end < address) {
      throw Refused.with(Errno.EINVAL);
    }
    synchronized (mappings) {
      requireWholePages(covering(address), address);
      requireWholePages(covering(end - 1), end);
      Mapping first = covering(address);
      long start = first == null ? address : first.start();
      for (Mapping mapping : mappings.subMap(start, end).values()) {
        if (mapping.mapped()) {
          mapping.unmap(address, end);
        }
      }
    }
  }

  private static void requireWholePages(@Nullable Mapping mapping, long edge) {
    if (mapping != null && mapping.huge() && edge < mapping.end() && edge % HugePages.BYTES != 0) {
      throw Refused.with(Errno.EINVAL);
    }
  }

  /**
   * Ends what shows a device's registers. The memory stays for as long as this object does, so that
   * a program that still has it mapped reads dead registers and does not crash.
   */
  void unmapDevices() {
    synchronized (mappings) {
      for (Mapping mapping : mappings.values()) {
        if (mapping.mapped() && !mapping.pinnable()) {
          deadRegisters.add(mapping.memory());
          mapping.unmap();
        }
      }
    }
  }

  /** The mapping that an address is of; null where this handed out nothing. */
  @Nullable Mapping covering(long address) {
    int place = (int) (address >>> PLACE_SHIFT) & PLACES - 1;
    Mapping known = recent[place];
    if (known != null && known.covers(address)) {
      return known;
    }
    Map.Entry<Long, Mapping> below = mappings.floorEntry(address);
    if (below == null || below.getValue().end() <= address) {
      return null;
    }
    recent[place] = below.getValue();
    return below.getValue();
  }

  /**
   * The end of the mapping or gap that an address lies in, at most {@code end}.
   *
   * @param covering the mapping that the address lies in; null for a gap, which ends at the next
   *     mapping
   */
  long reach(@Nullable Mapping covering, long address, long end) {
    if (covering != null) {
      return Math.min(covering.end(), end);
    }
    Long next = mappings.higherKey(address);
    return next == null ? end : Math.min(next, end);
  }

  /** All of them, by rising address. */
  Collection<Mapping> mappings() {
    return mappings.values();
  }
}
