// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.bindings.libc.pollfd;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** {@code poll(2)}: waits until one of several files is ready. */
public final class Poll {

  private static final int POLLRDNORM = 0x40;
  private static final int POLLWRNORM = 0x100;

  /** The events that a file without a poll operation always has ({@code DEFAULT_POLLMASK}). */
  public static final int ALWAYS = libc_h.POLLIN() | libc_h.POLLOUT() | POLLRDNORM | POLLWRNORM;

  private final FileTable files;
  private final Wakeups wakeups;

  /** For the descriptors of one table. */
  public Poll(FileTable files, Wakeups wakeups) {
    this.files = files;
    this.wakeups = wakeups;
  }

  /**
   * Waits.
   *
   * @param pollfds an array of {@code struct pollfd}
   * @param timeoutMillis negative waits without end
   * @return how many have something to tell, 0 when time ran out
   * @throws Refused EINVAL when the array ends within an element, EINTR when the thread is
   *     interrupted
   */
  public int poll(MemorySegment pollfds, int timeoutMillis) {
    long size = pollfd.layout().byteSize();
    if (pollfds.byteSize() % size != 0) {
      throw Refused.with(Errno.EINVAL);
    }
    long deadline =
        timeoutMillis < 0
            ? Long.MAX_VALUE
            : System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    while (true) {
      long before = wakeups.now();
      int ready = 0;
      for (long at = 0; at < pollfds.byteSize(); at += size) {
        MemorySegment one = pollfds.asSlice(at, size);
        int events = ready(pollfd.fd(one), pollfd.events(one) & 0xffff);
        pollfd.revents(one, (short) events);
        ready += events != 0 ? 1 : 0;
      }
      if (ready > 0 || !wakeups.await(before, deadline)) {
        return ready;
      }
    }
  }

  private int ready(int fd, int wanted) {
    if (fd < 0) {
      return 0;
    }
    @Nullable OpenFile file = files.find(fd);
    if (file == null) {
      return libc_h.POLLNVAL();
    }
    return file.poll() & (wanted | libc_h.POLLERR() | libc_h.POLLHUP());
  }
}
