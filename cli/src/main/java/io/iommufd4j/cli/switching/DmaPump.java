// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.switching;

import io.iommufd4j.cli.replace.DeviceStuckException;
import io.iommufd4j.cli.replace.EduEngine;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a DMA engine at work in a thread of its own: it writes to one IOVA again and again, and
 * looks after each transfer in which side's memory the bytes are.
 */
final class DmaPump implements AutoCloseable {

  private static final int BYTES = 64;

  /** The engine's buffer is filled from here, behind the bytes that it writes. */
  private static final int SOURCE = 1024;

  /** QEMU's engine takes 100 ms for a transfer, and a loaded machine may take a lot longer. */
  private static final Duration COME_BACK = Duration.ofSeconds(20);

  private final EduEngine engine;
  private final long iova;
  private final List<MemorySegment> sides;
  private final byte[] pattern = new byte[BYTES];
  private final Thread thread;

  private volatile boolean stop;

  /** Counts departures and arrivals: odd while a switch is going on. */
  private volatile long moves;

  /** The side that is mapped, when no switch is going on. */
  private volatile int side;

  private long arrived;
  private long lost;
  private long wrong;
  private long longestGap;
  private long lastArrival;
  private @Nullable RuntimeException failure;

  /**
   * Begins. The first side's memory has to be mapped.
   *
   * @param iova of the area to write to
   * @param sides the memory of both sides, of which all but the first 2048 bytes is left alone
   */
  DmaPump(EduEngine engine, long iova, List<MemorySegment> sides) {
    this.engine = engine;
    this.iova = iova;
    this.sides = List.copyOf(sides);
    for (int i = 0; i < BYTES; i++) {
      pattern[i] = (byte) (i + 1);
    }
    MemorySegment.copy(pattern, 0, sides.getFirst(), ValueLayout.JAVA_BYTE, SOURCE, BYTES);
    this.lastArrival = System.nanoTime();
    this.thread = new Thread(this::work, "dma");
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** A switch begins. */
  @SuppressWarnings("NonAtomicVolatileUpdate") // One thread switches.
  void departing() {
    moves++;
  }

  /** A switch is over, and this side's memory is mapped. */
  @SuppressWarnings("NonAtomicVolatileUpdate") // One thread switches.
  void reached(int now) {
    side = now;
    moves++;
  }

  /** Counts from here on. */
  synchronized void begin() {
    check();
    arrived = 0;
    lost = 0;
    wrong = 0;
    longestGap = 0;
  }

  /** The transfers since {@link #begin}. */
  synchronized DmaCount count() {
    check();
    return new DmaCount(arrived, lost, wrong, longestGap);
  }

  /**
   * Waits for a transfer that arrives after a time.
   *
   * @param nanos by {@link System#nanoTime}
   * @throws DeviceStuckException when none does
   */
  synchronized void awaitArrival(long nanos) {
    long end = System.nanoTime() + COME_BACK.toNanos();
    while (lastArrival - nanos <= 0) {
      check();
      long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      if (left <= 0) {
        throw new DeviceStuckException(
            "no DMA arrived for " + COME_BACK.toSeconds() + " s while the IOVA was mapped");
      }
      try {
        wait(left);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new DeviceStuckException("interrupted while DMA was waited for");
      }
    }
  }

  private void check() {
    if (failure != null) {
      throw failure;
    }
  }

  private void work() {
    try {
      engine.load(iova + SOURCE, BYTES);
      while (!stop) {
        transfer();
      }
    } catch (RuntimeException failed) {
      synchronized (this) {
        failure = failed;
        notifyAll();
      }
    }
  }

  private void transfer() {
    long before = moves;
    int expected = side;
    sides.forEach(memory -> memory.asSlice(0, BYTES).fill((byte) 0));
    engine.store(iova, BYTES);
    long now = System.nanoTime();
    boolean still = (before & 1) == 0 && moves == before;
    int reached = 0;
    int touched = 0;
    int last = 0;
    for (int i = 0; i < sides.size(); i++) {
      byte[] seen = sides.get(i).asSlice(0, BYTES).toArray(ValueLayout.JAVA_BYTE);
      if (Arrays.equals(seen, pattern)) {
        reached++;
        last = i;
      } else if (!Arrays.equals(seen, new byte[BYTES])) {
        touched++;
      }
    }
    boolean right = reached == 1 && touched == 0 && (!still || last == expected);
    note(right, reached == 0 && touched == 0, now);
  }

  private synchronized void note(boolean right, boolean nothing, long now) {
    if (right) {
      arrived++;
      longestGap = Math.max(longestGap, now - lastArrival);
      lastArrival = now;
      notifyAll();
    } else if (nothing) {
      lost++;
    } else {
      wrong++;
    }
  }

  /** Waits for the transfer that is under way. */
  @Override
  public void close() {
    stop = true;
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
