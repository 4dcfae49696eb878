// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.benchmarks;

import io.iommufd4j.benchmarks.rows.Figure;
import io.iommufd4j.sim.SimKernel;
import java.util.Arrays;
import java.util.Locale;

/**
 * The cost of very many areas on the simulated kernel: bytes of heap an area, and whether the last
 * million takes longer than the first. Maps one page each with a page between them, looks each up
 * (a page of it is unmapped and mapped again), and unmaps all.
 */
public final class AreaMemory {

  /** Without domains; mock devices reach no more than 2 GiB of IOVAs. */
  private static final int MILLION = 1_000_000;

  private static final int IN_DOMAIN = 250_000;

  /** Parts at the begin and at the end that are compared. */
  private static final int FEW = 3;

  private AreaMemory() {}

  /**
   * Prints a line for each million, or quarter of one in a domain.
   *
   * @param arguments how many lines, and {@code domain} for an address space that a mock device
   *     uses
   */
  public static void main(String[] arguments) {
    int millions = arguments.length == 0 ? 1 : Integer.parseInt(arguments[0]);
    boolean domain = arguments.length > 1 && arguments[1].equals("domain");
    try (var kernel = SimKernel.create();
        var context = new MockContext(kernel)) {
      int step = domain ? IN_DOMAIN : MILLION;
      int ioas = context.ioas();
      if (domain) {
        context.device(ioas);
      }
      warmUp(context, step);
      long empty = heap();
      System.out.printf("%-9s %12s %12s %12s%n", "areas", "map ns", "look up ns", "bytes/area");
      var map = new double[millions];
      var lookUp = new double[millions];
      double bytes = 0;
      for (int million = 1; million <= millions; million++) {
        map[million - 1] = fill(context, ioas, million - 1, step);
        lookUp[million - 1] = lookUp(context, ioas, million, step);
        bytes = (double) (heap() - empty) / million / step;
        System.out.printf(
            Locale.ROOT,
            "%-9d %12.0f %12.0f %12.1f%n",
            million * step,
            map[million - 1],
            lookUp[million - 1],
            bytes);
      }
      long begin = System.nanoTime();
      context.unmapAll(ioas);
      double nanos = System.nanoTime() - begin;
      System.out.printf(
          Locale.ROOT, "unmap all: %.0f ns an area%n", nanos / ((double) millions * step));
      String row = domain ? "areas in a domain: " : "areas: ";
      new Figure(row + "heap for each", bytes, Figure.Unit.BYTES).print();
      if (millions >= 2 * FEW) {
        print(row + "map one, last parts : first", map);
        print(row + "look up, last parts : first", lookUp);
      }
    }
  }

  private static void warmUp(MockContext context, int step) {
    int ioas = context.ioas();
    fill(context, ioas, 0, step);
    lookUp(context, ioas, 1, step);
    context.unmapAll(ioas);
  }

  private static long iova(long area) {
    return MockContext.FIRST + 2 * area * MockContext.PAGE;
  }

  private static double fill(MockContext context, int ioas, long million, int step) {
    long begin = System.nanoTime();
    for (long i = million * step; i < (million + 1) * step; i++) {
      context.map(ioas, iova(i));
    }
    return (double) (System.nanoTime() - begin) / step;
  }

  /** Unmaps and maps again areas all over the address space, as many as a tenth of a step. */
  private static double lookUp(MockContext context, int ioas, int millions, int step) {
    int count = step / 10;
    long all = (long) millions * step;
    long begin = System.nanoTime();
    for (long i = 0; i < count; i++) {
      // A stride that meets every area sooner or later, none of them soon again.
      long iova = iova(i * 7_368_787 % all);
      context.unmap(ioas, iova, MockContext.PAGE);
      context.map(ioas, iova);
    }
    return (double) (System.nanoTime() - begin) / count;
  }

  /** Of a few parts the median, as in the first one much is compiled and collected. */
  private static void print(String row, double[] parts) {
    double last = median(Arrays.copyOfRange(parts, parts.length - FEW, parts.length));
    new Figure(row, last / median(Arrays.copyOf(parts, FEW)), Figure.Unit.RATIO).print();
  }

  private static double median(double[] parts) {
    return Arrays.stream(parts).sorted().toArray()[parts.length / 2];
  }

  private static long heap() {
    System.gc();
    var runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
