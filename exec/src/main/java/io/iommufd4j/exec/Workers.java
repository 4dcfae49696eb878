// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec;

import io.iommufd4j.exec.call.SystemCalls;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.linux.SeccompListener;
import java.io.PrintStream;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * The threads that answer calls. Some wait for the next one at all times; another joins them when
 * all are at work, which calls may keep waiting, and leaves when there are enough again.
 */
final class Workers {

  private static final int WAITING = 2;
  private static final int MOST = 256;

  /**
   * The rest after a call whose thread was gone at once; when all are gone there is no end of it.
   */
  private static final long GONE_NANOS = 100_000;

  private final int listener;
  private final SystemCalls calls;
  private final PrintStream err;
  private final AtomicInteger waiting = new AtomicInteger();
  private final AtomicInteger all = new AtomicInteger();
  private volatile boolean ended;

  /**
   * Threads that answer what a listener is told.
   *
   * @param err is told of mistakes of this program
   */
  Workers(int listener, SystemCalls calls, PrintStream err) {
    this.listener = listener;
    this.calls = calls;
    this.err = err;
  }

  void start() {
    new SeccompListener(listener).wakeInTurn();
    for (int i = 0; i < WAITING; i++) {
      add();
    }
  }

  private void add() {
    all.incrementAndGet();
    waiting.incrementAndGet();
    Thread.ofPlatform().daemon().name("calls").start(this::work);
  }

  /** No call comes any more. */
  void end() {
    ended = true;
  }

  private void work() {
    var call = new SeccompListener(listener);
    while (!ended) {
      int received = call.receive();
      if (received < 0) {
        if (received == Errno.EINTR.negated() || received == Errno.ENOENT.negated()) {
          if (received == Errno.ENOENT.negated()) {
            LockSupport.parkNanos(GONE_NANOS);
          }
          continue;
        }
        break;
      }
      if (waiting.decrementAndGet() == 0 && all.get() < MOST) {
        add();
      }
      if (ended) {
        call.answer(Errno.ENOSYS.negated());
        break;
      }
      answer(call);
      if (waiting.incrementAndGet() > WAITING) {
        waiting.decrementAndGet();
        break;
      }
    }
    all.decrementAndGet();
  }

  private void answer(SeccompListener call) {
    try {
      calls.answer(call);
    } catch (RuntimeException | Error bug) {
      call.answer(Errno.EIO.negated());
      err.println("a call of thread " + call.thread() + " failed in the simulated kernel:");
      bug.printStackTrace(err);
    }
  }
}
