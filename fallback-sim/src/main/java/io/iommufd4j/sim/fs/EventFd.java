// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A counter that can be waited for ({@code eventfd(2)}); interrupts of a device are counted in one.
 */
public interface EventFd extends OpenFile {

  /** A part of the kernel that takes what is counted ({@code eventfd_ctx_do_read}). */
  interface Consumer {
    /** Something was counted, and is taken by now. */
    void signalled();

    /** The file is closed: nothing will be counted any more ({@code EPOLLHUP}). */
    void closed();
  }

  /** {@code eventfd_signal}: adds 1, and stays where it is when it is full. */
  void signal();

  /**
   * Has somebody take whatever is counted from now on, before any reader can. Of several the last
   * to come is told first ({@code add_wait_queue}).
   *
   * @return whether something was counted already; that stays
   */
  boolean consumeBy(Consumer consumer);

  /** Undoes {@link #consumeBy}. */
  void leave(Consumer consumer);

  /** A counter that this kernel keeps itself. */
  final class Counting implements EventFd {

    private static final long BYTES = Long.BYTES;

    /** The count that a write can never reach ({@code ULLONG_MAX}); signals stop there. */
    private static final long FULL = -1;

    private final List<Consumer> consumers = new CopyOnWriteArrayList<>();
    private final Wakeups wakeups;
    private final boolean semaphore;
    private final boolean nonblocking;
    private long count;

    /**
     * A counter.
     *
     * @param initial unsigned
     * @param flags {@code EFD_*}
     * @throws Refused EINVAL for an unknown flag
     */
    public Counting(Wakeups wakeups, int initial, int flags) {
      int known = libc_h.EFD_SEMAPHORE() | libc_h.EFD_CLOEXEC() | libc_h.EFD_NONBLOCK();
      if ((flags & ~known) != 0) {
        throw Refused.with(Errno.EINVAL);
      }
      this.wakeups = wakeups;
      this.count = Integer.toUnsignedLong(initial);
      this.semaphore = (flags & libc_h.EFD_SEMAPHORE()) != 0;
      this.nonblocking = (flags & libc_h.EFD_NONBLOCK()) != 0;
    }

    @Override
    public void signal() {
      synchronized (this) {
        if (count != FULL) {
          count++;
        }
      }
      counted();
    }

    @Override
    public boolean consumeBy(Consumer consumer) {
      consumers.addFirst(consumer);
      synchronized (this) {
        return count != 0;
      }
    }

    @Override
    public void leave(Consumer consumer) {
      consumers.remove(consumer);
    }

    private void counted() {
      for (Consumer consumer : consumers) {
        synchronized (this) {
          count -= semaphore && count != 0 ? 1 : count;
        }
        consumer.signalled();
      }
      wakeups.wake();
    }

    @Override
    public String shownAs() {
      return "anon_inode:[eventfd]";
    }

    @Override
    public void release() {
      consumers.forEach(Consumer::closed);
    }

    @Override
    public long read(MemorySegment buffer) {
      if (buffer.byteSize() < BYTES) {
        throw Refused.with(Errno.EINVAL);
      }
      while (true) {
        long before = wakeups.now();
        synchronized (this) {
          if (count != 0) {
            long taken = semaphore ? 1 : count;
            buffer.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, taken);
            count -= taken;
            break;
          }
        }
        await(before);
      }
      wakeups.wake();
      return BYTES;
    }

    @Override
    public long write(MemorySegment buffer) {
      if (buffer.byteSize() != BYTES) {
        throw Refused.with(Errno.EINVAL);
      }
      long added = buffer.get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
      if (added == FULL) {
        throw Refused.with(Errno.EINVAL);
      }
      while (true) {
        long before = wakeups.now();
        synchronized (this) {
          if (Long.compareUnsigned(FULL - count, added) > 0) {
            count += added;
            break;
          }
        }
        await(before);
      }
      counted();
      return BYTES;
    }

    private void await(long before) {
      if (nonblocking) {
        throw Refused.with(Errno.EAGAIN);
      }
      wakeups.await(before, Long.MAX_VALUE);
    }

    @Override
    public synchronized int poll() {
      int ready = count != 0 ? libc_h.POLLIN() : 0;
      if (count == FULL) {
        ready |= libc_h.POLLERR();
      }
      if (Long.compareUnsigned(FULL - 1, count) > 0) {
        ready |= libc_h.POLLOUT();
      }
      return ready;
    }
  }
}
