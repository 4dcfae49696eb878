// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.function;

import io.iommufd4j.sim.iommu.DmaPort;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * A device that reads one IOVA over and over, as fast as it can, and counts which translation each
 * transaction met. Two buffers filled with a byte of their own tell the translations apart.
 */
public final class DmaProbe implements AutoCloseable {

  /**
   * The transactions by their result.
   *
   * @param first the number that read the first buffer: the old translation
   * @param second the number that read the second buffer: the new translation
   * @param faults the number that were aborted
   * @param others the number that read anything else, which no replace may ever cause
   */
  public record Counts(long first, long second, long faults, long others) {

    /** The number of all transactions. */
    public long total() {
      return first + second + faults + others;
    }
  }

  private static final int TRANSACTION_BYTES = 64;

  private final DmaPort port;
  private final long iova;
  private final byte firstTag;
  private final byte secondTag;
  private volatile long first;
  private volatile long second;
  private volatile long faults;
  private volatile long others;
  private volatile boolean stopped;
  private @Nullable Thread engine;

  /**
   * A probe that does nothing yet.
   *
   * @param iova where it reads, a multiple of 64
   * @param firstTag the byte that fills the first buffer
   * @param secondTag the byte that fills the second one
   */
  public DmaProbe(DmaPort port, long iova, byte firstTag, byte secondTag) {
    this.port = port;
    this.iova = iova;
    this.firstTag = firstTag;
    this.secondTag = secondTag;
  }

  /** Starts reading. */
  public synchronized DmaProbe start() {
    if (engine != null || stopped) {
      throw new IllegalStateException("a probe starts once");
    }
    engine = Thread.ofPlatform().daemon().name("probe of " + port.device()).start(this::run);
    return this;
  }

  /** The counts so far. */
  public Counts counts() {
    return new Counts(first, second, faults, others);
  }

  /** Stops reading; the counts stand still when this returns. */
  @Override
  public void close() {
    stopped = true;
    Thread running;
    synchronized (this) {
      running = engine;
    }
    boolean interrupted = false;
    while (running != null && running.isAlive()) {
      try {
        running.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // Only this thread writes them.
  private void run() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(TRANSACTION_BYTES, Long.BYTES);
      while (!stopped) {
        if (!port.read(iova, buffer)) {
          faults++;
        } else if (filledWith(buffer, firstTag)) {
          first++;
        } else if (filledWith(buffer, secondTag)) {
          second++;
        } else {
          others++;
        }
      }
    }
  }

  private static boolean filledWith(MemorySegment buffer, byte tag) {
    long pattern = (tag & 0xffL) * 0x0101_0101_0101_0101L;
    for (long at = 0; at < TRANSACTION_BYTES; at += Long.BYTES) {
      if (buffer.get(ValueLayout.JAVA_LONG, at) != pattern) {
        return false;
      }
    }
    return true;
  }
}
