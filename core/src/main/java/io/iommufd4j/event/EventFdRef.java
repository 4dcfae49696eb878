// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.event;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.wire.KernelFile;
import io.iommufd4j.wire.RequestBlocks;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;

/**
 * An eventfd that somebody else owns: a 64-bit counter in the kernel. Signals add to it, and a read
 * takes all that was counted. VFIO counts a device's interrupts in it.
 *
 * <p>Signals between two reads are counted, so that none is lost, but they are read as one sum. Any
 * thread may use it at any time; each count goes to one reader. Nothing here allocates on the Java
 * heap on a host's own kernel.
 */
public sealed class EventFdRef implements Pollable permits EventFd {

  private static final int ALONE = 0;

  private final KernelFile file;

  EventFdRef(KernelFile file) {
    this.file = file;
  }

  /**
   * Uses an eventfd and leaves it to its owner to close.
   *
   * @param kernel the kernel that the descriptor belongs to
   * @param fd an open eventfd; whether it is one shows at the first call. One without {@code
   *     EFD_NONBLOCK} makes {@link #take} wait for a signal
   * @return the eventfd
   */
  public static EventFdRef of(Kernel kernel, int fd) {
    return new EventFdRef(new KernelFile(kernel, fd));
  }

  @Override
  public final Kernel kernel() {
    return file.kernel();
  }

  @Override
  public final int fd() {
    return file.fd();
  }

  final KernelFile file() {
    return file;
  }

  /**
   * Adds 1, and wakes who waits.
   *
   * @throws KernelException {@code EAGAIN} when the counter is at its maximum, 2⁶⁴ − 2
   */
  public final void signal() {
    signal(1);
  }

  /**
   * Adds to the counter, and wakes who waits.
   *
   * @param count unsigned, at most 2⁶⁴ − 2
   * @throws KernelException {@code EAGAIN} when the sum is above 2⁶⁴ − 2, and then nothing is
   *     added; {@code EINVAL} for 2⁶⁴ − 1
   */
  public final void signal(long count) {
    MemorySegment counter = RequestBlocks.ofThread().counter;
    counter.set(ValueLayout.JAVA_LONG, 0, count);
    file.write(counter);
  }

  /**
   * Takes what was counted, without waiting.
   *
   * @return unsigned; 0 when nothing was signalled since the last read. One of {@code
   *     EFD_SEMAPHORE} gives 1 and keeps the rest
   */
  public final long take() {
    MemorySegment counter = RequestBlocks.ofThread().counter;
    long result = file.tryRead(counter);
    if (result == Errno.EAGAIN.negated()) {
      return 0;
    }
    file.checked("read", result);
    return counter.get(ValueLayout.JAVA_LONG, 0);
  }

  /**
   * Waits for a signal, and takes what was counted.
   *
   * @param timeout the longest to wait, rounded up to milliseconds; zero does not wait
   * @return as {@link #take}; 0 when the time has passed without a signal
   * @throws KernelException {@code EINTR} on a simulated kernel when the thread is interrupted; the
   *     host's own kernel does not see that
   */
  public final long await(Duration timeout) {
    long start = System.nanoTime();
    long nanos = PollCall.nanos(timeout);
    MemorySegment one = RequestBlocks.ofThread().poll;
    while (true) {
      PollCall.want(one, ALONE, fd(), libc_h.POLLIN());
      if (PollCall.poll(kernel(), one, start, nanos) == 0) {
        return 0;
      }
      requireOpen(PollCall.reported(one, ALONE));
      long count = take();
      // Zero: another thread was first.
      if (count != 0) {
        return count;
      }
    }
  }

  private void requireOpen(int reported) {
    if ((reported & libc_h.POLLNVAL()) != 0) {
      file.checked("poll", Errno.EBADF.negated());
    }
  }

  @Override
  public final String toString() {
    return "eventfd (fd " + (file.isOpen() ? file.fd() : "closed") + ")";
  }
}
