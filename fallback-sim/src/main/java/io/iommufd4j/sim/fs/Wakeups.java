// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;

/**
 * The place where calls wait until a file may have become ready. There is one for all files of a
 * kernel: a woken call looks at its files again.
 */
public final class Wakeups {

  private long generation;
  private boolean ended;
  private volatile Runnable listener = () -> {};

  /**
   * Sets who is told, too, that some file's readiness may have changed; on the thread that wakes.
   */
  public void onWake(Runnable told) {
    listener = told;
  }

  /** The moment before one looks at a file; what changes after it ends {@link #await}. */
  public synchronized long now() {
    return generation;
  }

  /** Some file's readiness may have changed. */
  public void wake() {
    synchronized (this) {
      generation++;
      notifyAll();
    }
    listener.run();
  }

  /** The kernel ends: whoever waits, or wants to, is interrupted. */
  public synchronized void end() {
    ended = true;
    notifyAll();
  }

  /**
   * Waits until something changed after a moment.
   *
   * @param seen the moment, of {@link #now}
   * @param deadline of {@link System#nanoTime}; {@link Long#MAX_VALUE} waits without end
   * @return false when time ran out
   * @throws Refused EINTR when the thread is interrupted (it stays so) or the kernel ends
   */
  public synchronized boolean await(long seen, long deadline) {
    try {
      while (generation == seen) {
        if (ended) {
          throw Refused.with(Errno.EINTR);
        }
        if (deadline == Long.MAX_VALUE) {
          wait();
          continue;
        }
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          return false;
        }
        wait(left / 1_000_000, (int) (left % 1_000_000));
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Refused.with(Errno.EINTR);
    }
  }
}
