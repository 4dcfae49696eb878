// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec;

import io.iommufd4j.exec.call.SystemCalls;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.linux.SeccompListener;
import io.iommufd4j.linux.TimeSlice;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * The threads that answer calls. One does as long as that is enough, since what it needs stays in
 * its processor's cache; another thread looks once in a while, as long as calls come, whether calls
 * have to wait, and lets more of them work: one for each that has been held up in a call, and as
 * many others as there are processors.
 */
final class Workers {

  private static final int MOST = 256;

  /**
   * The longest there is, so that a program takes the processor from the worker that has answered
   * it. Its next call then finds a worker that has not gone to sleep in between: to sleep and be
   * woken took a quarter of a call's time.
   */
  private static final long SLICE_NANOS = 100_000_000;

  private static final long TICK_NANOS = 1_000_000;

  /** Without a call nobody looks more often than this. */
  private static final int IDLE_MILLIS = 1000;

  /** After so many ticks without a call that had to wait, one worker does again. */
  private static final int CALM = 50;

  /**
   * The rest after a call whose thread was gone at once; when all are gone there is no end of it.
   */
  private static final long GONE_NANOS = 100_000;

  private final int listener;
  private final SystemCalls calls;
  private final PrintStream err;
  private final Runnable abandoned;
  private final int processors = Math.max(2, Runtime.getRuntime().availableProcessors());

  /** Guarded by itself. */
  private final List<Worker> workers = new ArrayList<>();

  /** The number of workers that may leave after a call. */
  private final AtomicInteger surplus = new AtomicInteger();

  private volatile boolean ended;

  /**
   * Threads that answer what a listener is told.
   *
   * @param err is told of mistakes of this program
   * @param abandoned called when nobody is left whose calls the listener is told
   */
  Workers(int listener, SystemCalls calls, PrintStream err, Runnable abandoned) {
    this.listener = listener;
    this.calls = calls;
    this.err = err;
    this.abandoned = abandoned;
  }

  void start() {
    new SeccompListener(listener).wakeInTurn();
    add();
    Thread.ofPlatform().daemon().name("workers").start(this::oversee);
  }

  private void add() {
    var worker = new Worker();
    synchronized (workers) {
      workers.add(worker);
    }
    Thread.ofPlatform().daemon().name("calls").start(worker::work);
  }

  /** No call comes any more. */
  void end() {
    ended = true;
  }

  private void oversee() {
    var arrivals = new SeccompListener(listener);
    int calm = 0;
    while (!ended) {
      if (!arrivals.await(IDLE_MILLIS) && arrivals.abandoned() && !ended) {
        abandoned.run();
        break;
      }
      LockSupport.parkNanos(TICK_NANOS);
      boolean waits = arrivals.await(0);
      calm = waits ? 0 : calm + 1;
      int active = active();
      surplus.set(Math.max(0, active - (calm > CALM ? 1 : processors)));
      if (waits && active < processors && all() < MOST) {
        add();
      }
    }
  }

  private int all() {
    synchronized (workers) {
      return workers.size();
    }
  }

  /** Counts those that were not in one and the same call since this was asked last. */
  private int active() {
    synchronized (workers) {
      int held = 0;
      for (Worker worker : workers) {
        held += worker.heldUp() ? 1 : 0;
      }
      return workers.size() - held;
    }
  }

  private boolean leaves() {
    return surplus.get() > 0 && surplus.getAndDecrement() > 0;
  }

  /** One thread. */
  private final class Worker {

    /** Counts the beginnings and the ends of calls. */
    private volatile int turns;

    private int seen;

    /** True when the call that it was in when this was asked last has not ended. */
    boolean heldUp() {
      int now = turns;
      boolean same = now == seen && (now & 1) == 1;
      seen = now;
      return same;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // Written by its own thread alone.
    private void turn() {
      turns++;
    }

    void work() {
      TimeSlice.set(SLICE_NANOS);
      var call = new SeccompListener(listener);
      while (!ended) {
        int received = call.receive();
        if (received < 0) {
          if (received == Errno.ENOENT.negated()) {
            LockSupport.parkNanos(GONE_NANOS);
          } else if (received != Errno.EINTR.negated()) {
            break;
          }
          continue;
        }
        turn();
        if (ended) {
          call.answer(Errno.ENOSYS.negated());
          break;
        }
        answer(call);
        turn();
        if (leaves()) {
          break;
        }
      }
      synchronized (workers) {
        workers.remove(this);
      }
    }
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
