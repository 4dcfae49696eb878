// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.switching;

import io.iommufd4j.cli.replace.Interruption;
import java.time.Duration;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.IntSupplier;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Switches one way to and fro: first single switches, each of which waits until DMA arrives again;
 * then without a pause, so that DMA meets the switches at any of their moments.
 */
final class WayTrial {

  private static final int MOST_SINGLE = 10;
  private static final int DIGITS = 3;
  private static final int WARM_UP_SHARE = 4;

  /** Fixed, as nothing here depends on chance but the moment of a switch. */
  private static final long SEED = 13;

  private final Way way;
  private final IntSupplier switchOnce;
  private final @Nullable DmaPump pump;
  private final Interruption interruption;
  private final Histogram nanos = new Histogram(DIGITS);
  private DmaCount single = DmaCount.NONE;
  private DmaCount backToBack = DmaCount.NONE;

  /**
   * Prepares.
   *
   * @param switchOnce switches, and returns the side whose memory is mapped then
   * @param pump null where no DMA is known
   */
  WayTrial(Way way, IntSupplier switchOnce, @Nullable DmaPump pump, Interruption interruption) {
    this.way = way;
    this.switchOnce = switchOnce;
    this.pump = pump;
    this.interruption = interruption;
  }

  /**
   * Switches for so long in each of the two manners, and at least once.
   *
   * @param period the time that the device takes for a transfer, in nanoseconds
   * @throws io.iommufd4j.cli.replace.StoppedException when asked to stop
   */
  void run(Duration time, long period) {
    if (pump != null) {
      singles(pump, time, period);
    }
    warmUp(time.toNanos() / WARM_UP_SHARE);
    if (pump != null) {
      pump.begin();
    }
    long end = System.nanoTime() + time.toNanos();
    do {
      interruption.check();
      nanos.recordValue(timed());
    } while (System.nanoTime() - end < 0);
    if (pump != null) {
      backToBack = pump.count();
    }
  }

  /** Switches for so long, and counts nothing. */
  void warmUp(long forNanos) {
    if (way == Way.REMAP) {
      // Filling the areas has warmed up what unmapping and mapping takes.
      return;
    }
    for (long end = System.nanoTime() + forNanos; System.nanoTime() - end < 0; ) {
      interruption.check();
      timed();
    }
  }

  private void singles(DmaPump dma, Duration time, long period) {
    var random = new SplittableRandom(SEED);
    dma.begin();
    long end = System.nanoTime() + time.toNanos();
    int made = 0;
    do {
      interruption.pause(Duration.ofNanos(random.nextLong(period + 1)));
      nanos.recordValue(timed());
      dma.awaitArrival(System.nanoTime());
      made++;
    } while (made < MOST_SINGLE && System.nanoTime() - end < 0);
    single = dma.count();
  }

  private long timed() {
    if (pump != null) {
      pump.departing();
    }
    long start = System.nanoTime();
    int side = switchOnce.getAsInt();
    long spent = System.nanoTime() - start;
    if (pump != null) {
      pump.reached(side);
    }
    return spent;
  }

  /** The result; empty when there was no switch. */
  Optional<WayResult> result() {
    return nanos.getTotalCount() == 0
        ? Optional.empty()
        : Optional.of(new WayResult(way, nanos, single, backToBack));
  }
}
