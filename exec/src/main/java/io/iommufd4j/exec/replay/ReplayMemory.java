// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.replay;

import io.iommufd4j.error.HostException;
import io.iommufd4j.exec.record.RecordedEvent;
import io.iommufd4j.exec.record.Recording;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.kernel.Kernel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Memory for that of the recorded processes: pieces of the same sizes, with the same alignment,
 * since kernels choose IOVAs by that. What lay apart lies apart; what was next to each other is.
 */
final class ReplayMemory implements AutoCloseable {

  /** No process has memory there. */
  static final long NOWHERE = 0x1_0000;

  private static final long PAGE = 4096;

  /** No kernel looks at more of an address' alignment. */
  private static final long MOST_ALIGNMENT = 1L << 30;

  private static final int READ = 1;
  private static final int WRITE = 2;
  private static final int SHARED = 1;
  private static final int PRIVATE = 2;
  private static final int ANONYMOUS = 0x20;
  private static final int NO_RESERVE = 0x4000;

  /** A piece: where it lay, and what is there now. */
  private record Piece(long start, long end, int file, long here) {}

  private record Mapping(long address, long bytes) {}

  private final Kernel kernel;
  private final Map<Integer, TreeMap<Long, Piece>> pieces = new HashMap<>();
  private final List<Mapping> mappings = new ArrayList<>();

  /** All the memory that a recording pins. */
  ReplayMemory(Kernel kernel, Recording recording) {
    this.kernel = kernel;
    var wanted = new HashMap<Integer, TreeMap<Long, Wanted>>();
    for (RecordedEvent event : recording.events()) {
      if (event instanceof RecordedEvent.Ioctl ioctl) {
        for (RecordedEvent.Memory one : ioctl.memory()) {
          if (one.file() == RecordedEvent.NO_FILE && one.bytes() > 0) {
            want(wanted.computeIfAbsent(ioctl.by().pid(), _ -> new TreeMap<>()), one);
          }
        }
      }
    }
    wanted.forEach((pid, its) -> its.values().forEach(one -> map(pid, one)));
  }

  /** A piece that is needed. */
  private record Wanted(long start, long end, String access) {}

  /**
   * Adds a piece, as one with those that it overlaps, and with those beside it of the same kind.
   */
  private static void want(NavigableMap<Long, Wanted> all, RecordedEvent.Memory one) {
    long start = one.address() & -PAGE;
    long end = (one.address() + one.bytes() + PAGE - 1) & -PAGE;
    String access = one.access();
    Map.Entry<Long, Wanted> other = all.floorEntry(end);
    while (other != null && touches(other.getValue(), start, end, access)) {
      all.remove(other.getKey());
      start = Math.min(start, other.getValue().start());
      end = Math.max(end, other.getValue().end());
      other = all.floorEntry(end);
    }
    all.put(start, new Wanted(start, end, access));
  }

  private static boolean touches(Wanted other, long start, long end, String access) {
    boolean overlaps = other.start() < end && start < other.end();
    boolean beside = other.start() <= end && start <= other.end();
    return overlaps || (beside && other.access().equals(access));
  }

  private void map(int pid, Wanted wanted) {
    long bytes = wanted.end() - wanted.start();
    long alignment = Math.min(MOST_ALIGNMENT, Math.max(PAGE, Long.highestOneBit(bytes) << 1));
    long whole = bytes + 2 * alignment;
    int protection =
        (wanted.access().startsWith("r") ? READ : 0)
            | (wanted.access().startsWith("w", 1) ? WRITE : 0);
    int sharing = wanted.access().endsWith("s") ? SHARED : PRIVATE;
    long address = kernel.mmap(whole, protection, sharing | ANONYMOUS | NO_RESERVE, -1, 0);
    if (address < 0) {
      throw new HostException(
          "map " + bytes + " bytes, which were mapped when it was recorded",
          ErrnoCode.of((int) -address),
          "play it where there is as much memory");
    }
    long here = address + Math.floorMod(wanted.start() - address, alignment);
    unmap(address, here - address);
    unmap(here + bytes, address + whole - here - bytes);
    mappings.add(new Mapping(here, bytes));
    put(pid, new Piece(wanted.start(), wanted.end(), RecordedEvent.NO_FILE, here));
  }

  private void unmap(long address, long bytes) {
    if (bytes > 0) {
      kernel.munmap(address, bytes);
    }
  }

  private void put(int pid, Piece piece) {
    TreeMap<Long, Piece> its = pieces.computeIfAbsent(pid, _ -> new TreeMap<>());
    its.values()
        .removeIf(old ->
            old.file() != RecordedEvent.NO_FILE
                && old.start() < piece.end()
                && piece.start() < old.end());
    its.put(piece.start(), piece);
  }

  /** A process mapped a file, which is mapped here now. */
  void mapped(int pid, long address, long bytes, int file, long here) {
    long whole = (bytes + PAGE - 1) & -PAGE;
    put(pid, new Piece(address, address + whole, file, here));
  }

  /** Takes the mappings of a file down. */
  void unmapAll(int file) {
    for (TreeMap<Long, Piece> its : pieces.values()) {
      for (Piece piece : List.copyOf(its.values())) {
        if (piece.file() == file) {
          kernel.munmap(piece.here(), piece.end() - piece.start());
          its.remove(piece.start());
        }
      }
    }
  }

  /** The address here of one of a process; an end of a piece counts as of the piece. */
  long address(int pid, long address) {
    Map.Entry<Long, Piece> entry = pieces.getOrDefault(pid, new TreeMap<>()).floorEntry(address);
    return entry == null || address > entry.getValue().end()
        ? NOWHERE | (address & (PAGE - 1))
        : address - entry.getKey() + entry.getValue().here();
  }

  @Override
  public void close() {
    mappings.forEach(one -> kernel.munmap(one.address(), one.bytes()));
  }
}
