// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.benchmarks;

import io.iommufd4j.benchmarks.rows.Figure;
import io.iommufd4j.kernel.Backend;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.sim.SimKernel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.LongAdder;

/**
 * Requests of many threads at once: how many more are answered than of one thread, when each has a
 * context of its own and when all share one. A request is a map and unmap of 4 KiB in an address
 * space without domains.
 */
public final class ManyThreads {

  private static final int ROUNDS = 7;
  private static final long ROUND_MILLIS = 500;

  private ManyThreads() {}

  /**
   * Prints the requests a second and the ratios, as medians.
   *
   * @param arguments how many threads; then {@code native} for the real kernel
   * @throws InterruptedException never
   */
  public static void main(String[] arguments) throws InterruptedException {
    int threads = Integer.parseInt(arguments[0]);
    boolean real = arguments.length > 1 && arguments[1].equals("native");
    try (Kernel kernel = real ? Backend.NATIVE.open(Backend.Purpose.IOMMUFD) : SimKernel.create()) {
      var one = new double[ROUNDS];
      var own = new double[ROUNDS];
      var shared = new double[ROUNDS];
      // The first rounds warm up.
      for (int round = -3; round < ROUNDS; round++) {
        double alone = perSecond(kernel, 1, 1);
        double apart = perSecond(kernel, threads, threads);
        double together = perSecond(kernel, threads, 1);
        if (round >= 0) {
          one[round] = alone;
          own[round] = apart / alone;
          shared[round] = together / alone;
        }
      }
      System.out.printf(
          Locale.ROOT,
          "%s, %d processors: 1 thread %.0f a second; %d threads on %d contexts %.2f times as many,"
              + " on one context %.2f%n",
          real ? "real" : "simulated",
          Runtime.getRuntime().availableProcessors(),
          median(one),
          threads,
          threads,
          median(own),
          median(shared));
      if (!real) {
        String row = threads + " threads beside one, ";
        new Figure(row + "each on a context", median(own), Figure.Unit.GAIN).print();
        new Figure(row + "all on one context", median(shared), Figure.Unit.GAIN).print();
      }
    }
  }

  private static double median(double[] values) {
    return Arrays.stream(values).sorted().toArray()[values.length / 2];
  }

  private static double perSecond(Kernel kernel, int threads, int contexts)
      throws InterruptedException {
    var opened = new ArrayList<MockContext>();
    for (int i = 0; i < contexts; i++) {
      opened.add(new MockContext(kernel));
    }
    var done = new LongAdder();
    long begin = System.nanoTime();
    long end = begin + ROUND_MILLIS * 1_000_000;
    var running = new ArrayList<Thread>();
    for (int i = 0; i < threads; i++) {
      running.add(Thread.ofPlatform().start(work(kernel, opened, i, end, done)));
    }
    for (Thread thread : running) {
      thread.join();
    }
    double seconds = (System.nanoTime() - begin) / 1e9;
    opened.forEach(MockContext::close);
    return done.sum() / seconds;
  }

  private static Runnable work(
      Kernel kernel, List<MockContext> opened, int thread, long end, LongAdder done) {
    MockContext shared = opened.get(thread % opened.size());
    return () -> {
      // Blocks are a thread's own, also where the context is shared.
      try (var context = shared.again(kernel)) {
        int ioas = context.ioas();
        while (System.nanoTime() < end) {
          for (int i = 0; i < 100; i++) {
            context.map(ioas, MockContext.FIRST);
            context.unmap(ioas, MockContext.FIRST, MockContext.PAGE);
          }
          done.add(100);
        }
      }
    };
  }
}
