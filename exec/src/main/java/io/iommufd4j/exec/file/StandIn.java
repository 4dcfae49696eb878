// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.file;

import io.iommufd4j.exec.process.HostInode;
import io.iommufd4j.linux.HostFile;
import io.iommufd4j.sim.fs.OpenFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * A file of the host's that stands in for a simulated one in the programs, and is told by its
 * inode. A file with something to wait for has a pipe, whose readiness is the file's; any other a
 * file of memory, which is always ready as the file is.
 */
public final class StandIn {

  private static final int O_RDWR = 2;
  private static final int O_NONBLOCK = 04000;
  private static final int POLLIN = 1;
  private static final int READ = 1;
  private static final int WRITE = 2;
  private static final int MAP_SHARED = 1;

  private final HostInode inode;
  private final boolean pipe;
  private int given;
  private int own = -1;
  private boolean shownReady;
  private long size;
  private final List<Piece> pieces = new CopyOnWriteArrayList<>();

  /** A piece that is mapped here. */
  private record Piece(long offset, MemorySegment memory) {}

  private StandIn(int given, boolean pipe) {
    this.given = given;
    this.pipe = pipe;
    this.inode = HostInode.of(given);
  }

  /**
   * One of memory. It is opened once more by its descriptor: of what {@code memfd_create} opened
   * itself newer kernels tell no close.
   */
  static StandIn ofMemory(String name) {
    int created = Opening.require(HostFile.memory(name));
    int opened = HostFile.open("/proc/self/fd/" + created, O_RDWR);
    HostFile.close(created);
    return new StandIn(Opening.require(opened), false);
  }

  /** One whose readiness can be set. */
  static StandIn ofPipe() {
    int[] ends = new int[2];
    Opening.require(HostFile.pipe(ends, HostFile.O_NONBLOCK));
    int both = HostFile.open("/proc/self/fd/" + ends[0], O_RDWR | O_NONBLOCK);
    HostFile.close(ends[0]);
    if (both < 0) {
      HostFile.close(ends[1]);
      Opening.require(both);
    }
    var standIn = new StandIn(both, true);
    standIn.own = ends[1];
    return standIn;
  }

  /** {@return its inode} */
  public HostInode inode() {
    return inode;
  }

  /** True if it has a readiness. */
  boolean pipe() {
    return pipe;
  }

  /** The descriptor here that is to be given to a program. */
  int given() {
    return given;
  }

  /** Sets its content, as long as it is here. */
  void fill(byte[] content) {
    if (content.length > 0) {
      try (var arena = Arena.ofConfined()) {
        MemorySegment bytes =
            arena.allocate(content.length).copyFrom(MemorySegment.ofArray(content));
        HostFile.writeAt(given, bytes, 0);
      }
    }
  }

  /** The descriptor here is not needed any more: programs alone have the file open. */
  void letGo() {
    HostFile.close(given);
    given = -1;
  }

  /** Another descriptor of the same inode, which no program has; made when first asked for. */
  synchronized int own() {
    if (own < 0) {
      own = Opening.require(HostFile.open("/proc/self/fd/" + given, O_RDWR));
    }
    return own;
  }

  /**
   * Maps a piece of it here, where programs map it, too.
   *
   * @param descriptor one of it here
   * @return the memory; null when a piece that is mapped already has it all
   */
  @Nullable MemorySegment map(int descriptor, long offset, long bytes) {
    for (Piece piece : pieces) {
      if (piece.offset() <= offset
          && offset + bytes <= piece.offset() + piece.memory().byteSize()) {
        return null;
      }
    }
    if (own < 0) {
      own = Opening.require(HostFile.open("/proc/self/fd/" + descriptor, O_RDWR));
    }
    size = Math.max(size, offset + bytes);
    Opening.require(HostFile.truncate(own, size));
    long address = HostFile.map(bytes, READ | WRITE, MAP_SHARED, own, offset);
    Opening.require(Math.clamp(address, -4095, 0));
    MemorySegment memory = MemorySegment.ofAddress(address).reinterpret(bytes);
    pieces.add(new Piece(offset, memory));
    return memory;
  }

  /** Undoes {@link #map}. */
  void unmap(MemorySegment memory) {
    pieces.removeIf(piece -> piece.memory().address() == memory.address());
    HostFile.unmap(memory.address(), memory.byteSize());
  }

  /** True if any piece is mapped here. */
  boolean isMapped() {
    return !pieces.isEmpty();
  }

  /** A visit to a mapped piece. */
  @FunctionalInterface
  interface Visit {
    /** Called with where it begins in the file, in bytes. */
    void of(long offset, MemorySegment memory);
  }

  /** Visits the pieces, which may be unmapped meanwhile. */
  void eachMapped(Visit visit) {
    for (Piece piece : List.copyOf(pieces)) {
      visit.of(piece.offset(), piece.memory());
    }
  }

  /** Shows in the programs if there is something to read. */
  synchronized void show(OpenFile file) {
    boolean ready = (file.poll() & POLLIN) != 0;
    if (ready == shownReady || own < 0) {
      return;
    }
    shownReady = ready;
    try (var arena = Arena.ofConfined()) {
      MemorySegment one = arena.allocate(1);
      if (ready) {
        HostFile.write(own, one);
      } else {
        int reader = HostFile.open("/proc/self/fd/" + own, O_NONBLOCK);
        HostFile.read(reader, one);
        HostFile.close(reader);
      }
    }
  }

  /** No program has it open any more. */
  synchronized void end() {
    if (own >= 0) {
      HostFile.close(own);
      own = -1;
    }
  }
}
