// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.benchmarks;

import io.iommufd4j.benchmarks.rows.Figure;
import io.iommufd4j.kernel.Backend;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.sim.SimKernel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Compares what a request costs on the simulated kernel with what it costs on the real one, in one
 * process and one boot, by the same blocks: requests to the kernel's mock driver, and to an address
 * space that no device uses. The real one is asked from C too ({@code src/main/c/mock-costs.c}), by
 * turns with the others. {@code benchmarks/beside-kernel} starts it in the lab.
 */
public final class SimulatedCosts {

  private static final int ROUNDS = 9;
  private static final int TURNS = 10;
  private static final long TURN_NANOS = 20_000_000;
  private static final int WARM_UP_TURNS = 1_000;
  private static final int COUNTING_TURNS = 20;

  private static final List<MockCall> COMPARED =
      List.of(MockCall.REPLACE, MockCall.MAP_UNMAP, MockCall.OPTION);

  /** Areas in the address space when mapping into it is timed, first and last. */
  static final int FEW_AREAS = 10_000;

  static final int MANY_AREAS = 100_000;

  /** Names of the rows about these areas, here and in {@link SimulatedFigures}. */
  static final String MAP_MANY = "map, 10,000 to 100,000 areas";

  static final String UNMAP_MANY = "unmap all of 100,000, an area";

  // Linux looks through all areas for a place, from the lowest on.
  private static final int FEW_CHOSEN = 500;
  private static final int MANY_CHOSEN = 2_000;

  private static final int FILLS = 7;

  private final List<Kernel> kernels;
  private final @Nullable CTwin twin;

  private SimulatedCosts(List<Kernel> kernels, @Nullable CTwin twin) {
    this.kernels = kernels;
    this.twin = twin;
  }

  /**
   * Prints a table of medians.
   *
   * @param arguments the C program; none for the simulated kernel alone, where there is no real one
   *     with the mock driver
   * @throws IOException when the C program cannot be started or says something unexpected
   */
  public static void main(String[] arguments) throws IOException {
    try (Kernel simulated = SimKernel.create()) {
      if (arguments.length == 0) {
        new SimulatedCosts(List.of(simulated), null).compare();
        return;
      }
      try (Kernel real = Backend.NATIVE.open(Backend.Purpose.IOMMUFD);
          CTwin twin = CTwin.start(arguments[0])) {
        new SimulatedCosts(List.of(simulated, real), twin).compare();
      }
    }
  }

  private void compare() throws IOException {
    System.out.printf(
        "%-34s %12s %12s %12s %9s %9s%n",
        "request", "simulated ns", "real ns", "from C ns", "ratio", "to C");
    for (MockCall call : COMPARED) {
      print(call.shown, turns(call));
    }
    fills();
  }

  private static void print(String name, double[][] costs) {
    double simulated = median(costs, round -> round[0]);
    if (costs[0].length == 1) {
      System.out.printf(Locale.ROOT, "%-34s %12.0f%n", name, simulated);
      return;
    }
    double ratio = median(costs, round -> round[0] / round[1]);
    double toC = median(costs, round -> round[0] / round[2]);
    System.out.printf(
        Locale.ROOT,
        "%-34s %12.0f %12.0f %12.0f %9.2f %9.2f%n",
        name,
        simulated,
        median(costs, round -> round[1]),
        median(costs, round -> round[2]),
        ratio,
        toC);
    new Figure(name + ", simulated : real", ratio, Figure.Unit.RATIO).print();
    new Figure(name + ", simulated : real from C", toC, Figure.Unit.RATIO).print();
  }

  private static double median(double[][] rounds, ToDoubleFunction<double[]> figure) {
    return Arrays.stream(rounds).mapToDouble(figure).sorted().toArray()[rounds.length / 2];
  }

  /** Nanoseconds a call by round and side, warm, by turns. */
  private double[][] turns(MockCall call) throws IOException {
    List<MockCall.Warm> warm = kernels.stream().map(call::on).toList();
    var sides = new ArrayList<Side>();
    warm.forEach(one -> sides.add(one::time));
    CTwin c = twin;
    if (c != null) {
      sides.add(calls -> c.run(call.twin, calls, 1));
    }
    long[] calls = new long[sides.size()];
    Arrays.fill(calls, 1000);
    for (int turn = 0; turn < WARM_UP_TURNS; turn++) {
      // What is compiled already takes few turns to count its calls.
      int colder = turn < COUNTING_TURNS ? calls.length : warm.size();
      for (int i = 0; i < colder; i++) {
        long nanos = sides.get(i).time(calls[i]);
        calls[i] = Math.clamp(calls[i] * TURN_NANOS / nanos, 100, 10_000_000);
      }
    }
    var rounds = new double[ROUNDS][calls.length];
    for (double[] round : rounds) {
      for (int turn = 0; turn < TURNS; turn++) {
        for (int i = 0; i < calls.length; i++) {
          round[i] += (double) sides.get(i).time(calls[i]) / calls[i] / TURNS;
        }
      }
    }
    warm.forEach(MockCall.Warm::close);
    return rounds;
  }

  /** An address space without domains is filled and emptied several times. */
  private void fills() throws IOException {
    int sides = kernels.size() + (twin == null ? 0 : 1);
    var mapped = new double[FILLS][sides];
    var chosen = new double[FILLS][sides];
    var unmapped = new double[FILLS][sides];
    for (int fill = 0; fill < FILLS; fill++) {
      for (int i = 0; i < kernels.size(); i++) {
        try (var context = new MockContext(kernels.get(i))) {
          int ioas = context.ioas();
          mapped[fill][i] = fill(context, ioas);
          unmapped[fill][i] = empty(context, ioas, MANY_AREAS);
          chosen[fill][i] = choose(context, ioas);
          context.unmapAll(ioas);
        }
      }
      CTwin c = twin;
      if (c != null) {
        mapped[fill][sides - 1] = perMap(c, "fill", FEW_AREAS, MANY_AREAS);
        unmapped[fill][sides - 1] = (double) c.run("unmap-all", 1, 1) / MANY_AREAS;
        chosen[fill][sides - 1] = perMap(c, "map-anywhere", FEW_CHOSEN, MANY_CHOSEN);
        c.run("unmap-all", 1, 1);
      }
    }
    print(MAP_MANY, mapped);
    print("map anywhere, 500 to 2,000 areas", chosen);
    print(UNMAP_MANY, unmapped);
    print("unmap all, the first time", new double[][] {unmapped[0]});
  }

  private static double perMap(CTwin c, String request, int few, int many) throws IOException {
    c.run(request, few, 1);
    return (double) c.run(request, many - few, 1) / (many - few);
  }

  private static double fill(MockContext context, int ioas) {
    return perMap(
        FEW_AREAS,
        MANY_AREAS,
        i -> context.map(ioas, MockContext.FIRST + 2 * i * MockContext.PAGE));
  }

  private static double choose(MockContext context, int ioas) {
    return perMap(FEW_CHOSEN, MANY_CHOSEN, _ -> context.mapAnywhere(ioas));
  }

  /** Nanoseconds for each area that is mapped once there are a few, until there are many. */
  private static double perMap(int few, int many, MockCall.Body map) {
    long begin = 0;
    for (int i = 0; i < many; i++) {
      if (i == few) {
        begin = System.nanoTime();
      }
      map.call(i);
    }
    return (double) (System.nanoTime() - begin) / (many - few);
  }

  private static double empty(MockContext context, int ioas, int areas) {
    long begin = System.nanoTime();
    long bytes = context.unmapAll(ioas);
    long nanos = System.nanoTime() - begin;
    if (bytes != areas * MockContext.PAGE) {
      throw new IllegalStateException(bytes + " bytes were mapped");
    }
    return (double) nanos / areas;
  }

  /** A kernel, asked from Java or from C. */
  @FunctionalInterface
  private interface Side {
    /** {@return the nanoseconds of so many calls} */
    long time(long calls) throws IOException;
  }
}
