// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.mm;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Pages without a name: a sparse temporary file stands in for the kernel's shared memory, so that
 * all mappings of one page show the same bytes and an unmapped address is gone, as in Linux.
 */
public final class BackingFile implements AutoCloseable {

  /** The most bytes that go through one buffer. */
  private static final int CHUNK = 1 << 30;

  private static final int ZEROES = 1 << 16;
  private static final Set<PosixFilePermission> OWNER_ONLY =
      Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

  private final Path path;
  private final SteadyChannel channel;

  /** Nothing stays behind on the host, even of a kernel that nobody closed. */
  private final Thread lastResort = Thread.ofPlatform().unstarted(this::delete);

  /**
   * A new empty file.
   *
   * @throws Refused ENOMEM when the host gives none
   */
  public BackingFile() {
    try {
      path = newFile(Path.of(System.getProperty("java.io.tmpdir")));
      channel = new SteadyChannel(path, Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE));
    } catch (IOException e) {
      throw Refused.with(Errno.ENOMEM);
    }
    try {
      Runtime.getRuntime().addShutdownHook(lastResort);
    } catch (IllegalStateException e) {
      close();
      throw Refused.with(Errno.ENOMEM);
    }
  }

  /**
   * An empty file that only this user may read. {@link Files#createTempFile} is not used: the
   * random numbers that it names files by take longer to set up than a whole simulated machine.
   */
  private static Path newFile(Path directory) throws IOException {
    FileAttribute<?>[] attributes =
        directory.getFileSystem().supportedFileAttributeViews().contains("posix")
            ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(OWNER_ONLY)}
            : new FileAttribute<?>[0];
    while (true) {
      String number = Long.toUnsignedString(ThreadLocalRandom.current().nextLong());
      try {
        return Files.createFile(
            directory.resolve("iommufd4j-sim-" + number + ".pages"), attributes);
      } catch (FileAlreadyExistsException e) {
        // Somebody else's: the next number.
      }
    }
  }

  /**
   * Maps a range, which grows the file when it runs past its end.
   *
   * @param offset in bytes, a multiple of the page size
   * @param bytes more than 0
   * @throws Refused ENOMEM when the host gives no memory
   */
  public MemorySegment map(MapMode mode, long offset, long bytes, Arena arena) {
    try {
      return channel.with(file -> {
        if (mode == MapMode.READ_ONLY) {
          // A read-only mapping does not grow the file by itself.
          grow(file, offset + bytes);
        }
        return file.map(mode, offset, bytes, arena);
      });
    } catch (IOException e) {
      throw Refused.with(Errno.ENOMEM);
    }
  }

  private static void grow(FileChannel file, long bytes) throws IOException {
    if (file.size() < bytes) {
      file.write(ByteBuffer.allocate(1), bytes - 1);
    }
  }

  /**
   * Reads; what lies past the end of the file is 0.
   *
   * @throws UncheckedIOException when the host fails
   */
  public void read(long offset, MemorySegment into) {
    transfer(
        into,
        (file, piece, at) -> {
          int count = file.read(piece, offset + at);
          if (count < 0) {
            count = piece.remaining();
            into.asSlice(at, count).fill((byte) 0);
          }
          return count;
        });
  }

  /**
   * Writes; the file grows when this runs past its end.
   *
   * @throws Refused ENOSPC when the host has no room
   */
  public void write(long offset, MemorySegment from) {
    try {
      transfer(from, (file, piece, at) -> file.write(piece, offset + at));
    } catch (UncheckedIOException e) {
      throw Refused.with(Errno.ENOSPC);
    }
  }

  /**
   * Cuts the file off; what comes after and is used again is 0.
   *
   * @param mapped whether pages beyond may be mapped: those then stay, filled with 0
   * @throws UncheckedIOException when the host fails
   */
  public void cut(long bytes, boolean mapped) {
    try {
      long end = channel.with(FileChannel::size);
      if (!mapped) {
        channel.with(file -> file.truncate(bytes));
        return;
      }
      var zeroes = MemorySegment.ofArray(new byte[ZEROES]);
      for (long at = bytes; at < end; at += ZEROES) {
        write(at, zeroes.asSlice(0, Math.min(ZEROES, end - at)));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Moves one piece, which starts so many bytes into the whole: bytes moved. */
  @FunctionalInterface
  private interface Move {
    int move(FileChannel file, ByteBuffer piece, long at) throws IOException;
  }

  private void transfer(MemorySegment memory, Move move) {
    try {
      for (long done = 0; done < memory.byteSize(); ) {
        long at = done;
        long bytes = Math.min(CHUNK, memory.byteSize() - at);
        done += channel.with(file -> move.move(file, memory.asSlice(at, bytes).asByteBuffer(), at));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Ends the file; what is mapped stays mapped. */
  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(lastResort);
    } catch (IllegalStateException e) {
      // The machine is on its way down: the hook does what is left, or this does.
    }
    delete();
  }

  private void delete() {
    try {
      channel.close();
      Files.deleteIfExists(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
