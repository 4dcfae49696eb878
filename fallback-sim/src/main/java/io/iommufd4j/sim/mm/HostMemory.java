// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.mm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.iommufd4j.linux.OwnMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * All memory of this process, by address, where the host is a Linux. Native calls reach it where
 * the user allows any ({@link OwnMemory}). Elsewhere {@code /proc/self/mem} reads and writes it and
 * answers for a bad address with an error; that does not heed page protection, which the maps
 * beside it tell.
 */
final class HostMemory implements AutoCloseable {

  private static final Path PROCESS = Path.of("/proc/self");
  private static final Path MAPS = PROCESS.resolve("maps");

  private static final int CHUNK = 1 << 30;

  /** Up to here each page of a range is tried; beyond, reading the maps afresh costs less. */
  private static final int PAGES_TRIED = 64;

  private final SteadyChannel memory;
  private final ProcessMaps maps;

  /** True once it is known whether there is a shorter way, which the first who needs it asks. */
  private volatile boolean known;

  private volatile @Nullable OwnMemory own;

  private HostMemory(SteadyChannel memory, ProcessMaps maps, boolean nativeCalls) {
    this.memory = memory;
    this.maps = maps;
    this.known = !nativeCalls;
  }

  /**
   * The memory of this process; empty where the host does not show it.
   *
   * @param nativeCalls whether to make any, where the user allows them
   */
  static Optional<HostMemory> open(boolean nativeCalls) {
    try {
      return Optional.of(
          new HostMemory(
              new SteadyChannel(
                  PROCESS.resolve("mem"),
                  Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE)),
              new ProcessMaps(MAPS),
              nativeCalls));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Adds the host's own list of what is mapped. */
  void show(StringBuilder lines) {
    try {
      lines.append(Files.readString(MAPS));
    } catch (IOException notShown) {
      // Then what this process mapped by itself stays unknown.
    }
  }

  private @Nullable OwnMemory own() {
    return known ? own : openOwn();
  }

  private synchronized @Nullable OwnMemory openOwn() {
    if (!known) {
      own = OwnMemory.open().orElse(null);
      known = true;
    }
    return own;
  }

  boolean read(long address, MemorySegment into) {
    OwnMemory direct = own();
    if (direct != null) {
      return direct.read(address, into);
    }
    if (!maps.allow(address, into.byteSize(), ProcessMaps.Use.READ)) {
      return false;
    }
    if (bufferable(into)) {
      return transfer(address, into, FileChannel::read);
    }
    var bytes = MemorySegment.ofArray(new byte[(int) into.byteSize()]);
    if (!transfer(address, bytes, FileChannel::read)) {
      return false;
    }
    into.copyFrom(bytes);
    return true;
  }

  boolean write(long address, MemorySegment from) {
    OwnMemory direct = own();
    if (direct != null) {
      return direct.write(address, from);
    }
    if (!maps.allow(address, from.byteSize(), ProcessMaps.Use.WRITE)) {
      return false;
    }
    var bytes = bufferable(from) ? from : MemorySegment.ofArray(from.toArray(JAVA_BYTE));
    return transfer(address, bytes, FileChannel::write);
  }

  /** Arrays of anything but bytes cannot be looked at as a buffer. */
  private static boolean bufferable(MemorySegment segment) {
    return segment.isNative() || segment.heapBase().filter(byte[].class::isInstance).isPresent();
  }

  /** True if the host has these pages mapped at this moment, and writable if that is asked for. */
  boolean there(long address, long pages, boolean writable) {
    var use = writable ? ProcessMaps.Use.WRITE : ProcessMaps.Use.READ;
    long bytes = pages * UserMemory.PAGE_SIZE;
    if (pages > PAGES_TRIED) {
      return maps.allowNow(address, bytes, use);
    }
    OwnMemory direct = own();
    return direct != null
        ? direct.populate(address, pages, writable)
        : maps.allow(address, bytes, use) && answers(address, pages);
  }

  private boolean answers(long address, long pages) {
    for (long page = 0; page < pages; page++) {
      var one = MemorySegment.ofArray(new byte[1]);
      if (!transfer(address + page * UserMemory.PAGE_SIZE, one, FileChannel::read)) {
        return false;
      }
    }
    return true;
  }

  /** A positioned read or write. */
  @FunctionalInterface
  private interface Move {
    int move(FileChannel channel, ByteBuffer buffer, long position) throws IOException;
  }

  private boolean transfer(long address, MemorySegment segment, Move move) {
    try {
      for (long done = 0; done < segment.byteSize(); ) {
        long at = done;
        long bytes = Math.min(CHUNK, segment.byteSize() - at);
        var buffer = segment.asSlice(at, bytes).asByteBuffer();
        int moved = memory.with(channel -> move.move(channel, buffer, address + at));
        if (moved <= 0) {
          return false;
        }
        done += moved;
      }
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public synchronized void close() {
    known = true;
    if (own != null) {
      own.close();
    }
    try {
      memory.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
