// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.event;

import io.iommufd4j.bindings.libc.pollfd;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.kernel.Kernel;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;

/** {@code poll(2)} until a time has passed; a signal of the process does not end it early. */
final class PollCall {

  private static final long NANOS_PER_MILLI = 1_000_000;
  private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);
  private static final int NO_FD = -1;

  private static final long FD = pollfd.fd$offset();
  private static final long EVENTS = pollfd.events$offset();
  private static final long REVENTS = pollfd.revents$offset();

  private PollCall() {}

  /** Bytes of a table for so many descriptors. */
  static long bytes(int descriptors) {
    return descriptors * pollfd.sizeof();
  }

  /** Puts a descriptor into a table, with what to wait for. */
  static void want(MemorySegment table, int index, int fd, int events) {
    long at = bytes(index);
    table.set(ValueLayout.JAVA_INT, at + FD, fd);
    table.set(ValueLayout.JAVA_SHORT, at + EVENTS, (short) events);
    table.set(ValueLayout.JAVA_SHORT, at + REVENTS, (short) 0);
  }

  /** {@return the {@code POLL*} bits that the kernel reported of a descriptor} */
  static int reported(MemorySegment table, int index) {
    return table.get(ValueLayout.JAVA_SHORT, bytes(index) + REVENTS);
  }

  /** Nanoseconds of a time to wait; some 292 years at most. */
  static long nanos(Duration time) {
    if (time.isNegative()) {
      throw new IllegalArgumentException("nothing waits for " + time);
    }
    return time.compareTo(LONGEST) >= 0 ? Long.MAX_VALUE : time.toNanos();
  }

  /**
   * Waits. Rounds up to whole milliseconds, which is what {@code poll(2)} counts in.
   *
   * @param start moment of {@link System#nanoTime} that the time counts from
   * @param nanos of the time to wait
   * @return how many descriptors of the table have something to report; 0 when the time has passed
   */
  static int poll(Kernel kernel, MemorySegment table, long start, long nanos) {
    while (true) {
      long left = Math.max(0, nanos - (System.nanoTime() - start));
      int millis = (int) Math.min(Integer.MAX_VALUE, Math.ceilDiv(left, NANOS_PER_MILLI));
      int result = kernel.poll(table, millis);
      if (result > 0 || (result == 0 && left == 0)) {
        return result;
      }
      if (result < 0 && !isSignal(result)) {
        throw KernelException.onFd("poll", ErrnoCode.of(result), NO_FD, null, "");
      }
    }
  }

  /** A simulated kernel answers EINTR of an interrupted thread as well, and would again. */
  private static boolean isSignal(int result) {
    return result == Errno.EINTR.negated() && !Thread.currentThread().isInterrupted();
  }
}
