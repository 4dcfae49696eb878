// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;

/** Descriptors that are waited for together ({@code epoll(7)}). */
public final class Readiness {

  private static final int O_CLOEXEC = 02000000;
  private static final int ADD = 1;
  private static final int REMOVE = 2;

  /** There is something to read. */
  public static final int READABLE = 1;

  /** The other side is closed. */
  public static final int HUNG_UP = 0x10;

  private static final int MOST = 64;

  /** {@code struct epoll_event} is packed on x86-64 alone. */
  private static final int EVENT_BYTES =
      System.getProperty("os.arch", "").equals("aarch64") ? 16 : 12;

  private static final int DATA_AT = EVENT_BYTES - Long.BYTES;

  private final int fd;

  /** Events that one thread gets told. */
  public static final class Events {
    private final MemorySegment memory =
        Arena.ofAuto().allocate((long) MOST * EVENT_BYTES, Long.BYTES);

    /** Room for some events. */
    public Events() {}

    /**
     * {@return the number that a descriptor was added with}
     *
     * @param index from 0
     */
    public long of(int index) {
      long at = (long) index * EVENT_BYTES + DATA_AT;
      return memory.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
    }
  }

  /** Waits for nothing as yet. */
  public Readiness() {
    fd = (int) SystemCall.EPOLL_CREATE1.call(O_CLOEXEC);
    if (fd < 0) {
      throw new IllegalStateException("epoll_create1 answers " + fd);
    }
  }

  /**
   * Waits for a descriptor from now on, until it is closed.
   *
   * @param file a descriptor of this process
   * @param what {@link #READABLE} or {@link #HUNG_UP}
   * @param number that tells of it
   * @return 0, or −errno
   */
  public int add(int file, int what, long number) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment event = arena.allocate(EVENT_BYTES, Long.BYTES);
      event.set(ValueLayout.JAVA_INT, 0, what);
      event.set(ValueLayout.JAVA_LONG_UNALIGNED, DATA_AT, number);
      return (int) SystemCall.EPOLL_CTL.call(fd, ADD, file, event.address());
    }
  }

  /** Undoes {@link #add}. */
  public void remove(int file) {
    SystemCall.EPOLL_CTL.call(fd, REMOVE, file);
  }

  /**
   * Waits.
   *
   * @param events gets what is ready
   * @param millis 0 does not wait, negative waits without end
   * @return how many are ready; or −errno
   */
  public int await(Events events, int millis) {
    try {
      return (int)
          LibC.syscall(
              SystemCall.EPOLL_PWAIT.number(), fd, events.memory.address(), MOST, millis, 0, 8);
    } finally {
      Reference.reachabilityFence(events);
    }
  }

  /** Ends it. */
  public void close() {
    HostFile.close(fd);
  }
}
