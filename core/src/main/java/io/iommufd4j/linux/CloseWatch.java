// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;

/**
 * Tells when open files are released: no descriptor and no mapping of them is left in any process
 * ({@code inotify(7)}). The kernel tells before the call that closed the last descriptor returns.
 */
public final class CloseWatch {

  private static final int CLOSED_WRITABLE = 0x08;
  private static final int QUEUE_OVERFLOWED = 0x4000;
  private static final int NONBLOCKING = 04000;
  private static final int O_CLOEXEC = 02000000;

  /** A line of {@code fdinfo} begins so. */
  private static final String WATCH = "inotify wd:";

  private static final int EVENT_BYTES = 16;
  private static final int LENGTH_AT = 12;
  private static final int ROOM = 4096;

  private final int fd;
  private final Arena arena = Arena.ofAuto();
  private final MemorySegment events = arena.allocate(ROOM, Long.BYTES);

  /**
   * Tries whether files can be watched here.
   *
   * @return 0; or −errno: {@code ENOSYS} where the kernel was built without it, {@code EMFILE} when
   *     the user has too many
   */
  public static int available() {
    int tried = open();
    return tried < 0 ? tried : HostFile.close(tried);
  }

  private static int open() {
    return (int) SystemCall.INOTIFY_INIT1.call(NONBLOCKING | O_CLOEXEC);
  }

  /** Watches nothing as yet. */
  public CloseWatch() {
    fd = open();
    if (fd < 0) {
      throw new IllegalStateException("inotify_init1 answers " + fd);
    }
  }

  /**
   * Watches the file of a descriptor, which may be closed afterwards.
   *
   * @param file a descriptor of this process, open for writing
   * @return the number that tells of it; or −errno: {@code ENOSPC} when the user has too many
   */
  public int add(int file) {
    try (var name = Arena.ofConfined()) {
      MemorySegment path = name.allocateFrom("/proc/self/fd/" + file);
      return (int) SystemCall.INOTIFY_ADD_WATCH.call(fd, path.address(), CLOSED_WRITABLE);
    }
  }

  /**
   * Hands out the numbers of what was released since the last time, in order. One caller at a time.
   *
   * @param released is told each
   * @return false when the kernel had too many to tell: some were lost
   */
  public boolean drain(IntConsumer released) {
    boolean complete = true;
    while (true) {
      long bytes = HostFile.read(fd, events);
      if (bytes <= 0) {
        return complete;
      }
      for (long at = 0; at < bytes; ) {
        int mask = events.get(ValueLayout.JAVA_INT, at + Integer.BYTES);
        if ((mask & QUEUE_OVERFLOWED) != 0) {
          complete = false;
        } else if ((mask & CLOSED_WRITABLE) != 0) {
          released.accept(events.get(ValueLayout.JAVA_INT, at));
        }
        at += EVENT_BYTES + events.get(ValueLayout.JAVA_INT, at + LENGTH_AT);
      }
    }
  }

  /** {@return the numbers of the files that somebody still has open} */
  public Set<Integer> living() {
    try (var lines = Files.lines(Path.of("/proc/self/fdinfo/" + fd))) {
      return lines
          .filter(line -> line.startsWith(WATCH))
          .map(line -> Integer.parseInt(line.substring(WATCH.length(), line.indexOf(" ino")), 16))
          .collect(Collectors.toSet());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** {@return a descriptor that is readable when there is something to hand out} */
  public int descriptor() {
    return fd;
  }

  /** Ends all watches. */
  public void close() {
    HostFile.close(fd);
  }
}
