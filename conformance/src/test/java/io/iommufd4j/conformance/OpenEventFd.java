// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance;

import static org.junit.jupiter.api.Assertions.fail;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.bindings.libc.pollfd;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** An eventfd, in which a device's interrupts are counted. */
public final class OpenEventFd implements Handle {

  /** Nobody waits that long for an interrupt unless it was lost. */
  private static final int PATIENCE_MILLIS = 20_000;

  private final Kernel kernel;
  private final int fd;
  private final MemorySegment counter;
  private final MemorySegment poll;
  private boolean open = true;

  OpenEventFd(Kernel kernel, Arena arena, long initial) {
    this.kernel = kernel;
    this.fd = Answers.ok(kernel.eventfd((int) initial, libc_h.EFD_NONBLOCK()));
    this.counter = arena.allocate(ValueLayout.JAVA_LONG);
    this.poll = arena.allocate(pollfd.layout());
  }

  /** The descriptor. */
  public int fd() {
    return fd;
  }

  /** The count since the last read: 0 when there was nothing. Does not wait. */
  public long count() {
    long answer = kernel.read(fd, counter);
    if (answer == Errno.EAGAIN.negated()) {
      return 0;
    }
    Answers.same(Long.BYTES, answer);
    return counter.get(ValueLayout.JAVA_LONG, 0);
  }

  /** Waits for the count to be above 0, and returns it. */
  public long await() {
    pollfd.fd(poll, fd);
    pollfd.events(poll, (short) libc_h.POLLIN());
    if (Answers.ok(kernel.poll(poll, PATIENCE_MILLIS)) == 0) {
      fail("the interrupt never came");
    }
    return count();
  }

  /** Counts one more. */
  public void signal() {
    counter.set(ValueLayout.JAVA_LONG, 0, 1);
    Answers.same(Long.BYTES, kernel.write(fd, counter));
  }

  @Override
  public void close() {
    if (open) {
      open = false;
      Answers.ok(kernel.close(fd));
    }
  }
}
