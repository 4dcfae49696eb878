// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Asks work that changes a host to stop and be undone, and waits until it is. The thread that works
 * undoes what it did, for only it knows how far it got; the thread that asks, a shutdown hook,
 * holds the JVM until then.
 */
public final class Interruption {

  private final CountDownLatch asked = new CountDownLatch(1);
  private boolean working;

  /** Nobody has asked yet, and nothing is at work. */
  public Interruption() {}

  /**
   * Work begins that a stop has to wait for.
   *
   * @throws StoppedException when asked to stop already
   */
  public synchronized void begin() {
    check();
    working = true;
  }

  /** The work is over and undone; harmless when none began. */
  public synchronized void end() {
    working = false;
    notifyAll();
  }

  /**
   * A place where the work may stop.
   *
   * @throws StoppedException when asked to
   */
  public void check() {
    if (asked.getCount() == 0) {
      throw new StoppedException();
    }
  }

  /**
   * Waits, unless asked to stop.
   *
   * @throws StoppedException when asked to
   */
  public void pause(Duration time) {
    boolean stop;
    try {
      stop = asked.await(time.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      stop = true;
    }
    if (stop) {
      throw new StoppedException();
    }
  }

  /** True if somebody asked to stop. */
  public boolean asked() {
    return asked.getCount() == 0;
  }

  /** Asks. */
  public void stop() {
    asked.countDown();
  }

  /**
   * Waits for the work to end.
   *
   * @return false if it did not in time
   */
  public synchronized boolean awaitEnd(Duration limit) throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    while (working) {
      long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      if (left <= 0) {
        return false;
      }
      wait(left);
    }
    return true;
  }
}
