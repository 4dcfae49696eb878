// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.benchmarks;

import io.iommufd4j.kernel.Backend;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.sim.SimKernel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * Compares what a request costs on the simulated kernel with what it costs on the real one, in one
 * process and one boot, by the same blocks: requests to the kernel's mock driver, and to an address
 * space that no device uses. {@code benchmarks/beside-kernel} starts it in the lab.
 */
public final class SimulatedCosts {

  private static final int ROUNDS = 9;
  private static final int TURNS = 10;
  private static final long TURN_NANOS = 20_000_000;
  private static final int WARM_UP_TURNS = 1_000;

  /** Areas in the address space when mapping into it is timed, first and last. */
  private static final int FEW_AREAS = 10_000;

  private static final int MANY_AREAS = 100_000;

  // Linux looks through all areas for a place, from the lowest on.
  private static final int FEW_CHOSEN = 500;
  private static final int MANY_CHOSEN = 2_000;

  private static final int FILLS = 7;

  private SimulatedCosts() {}

  /**
   * Prints a table of medians.
   *
   * @param arguments {@code --alone} for the simulated kernel alone, where there is no real one
   *     with the mock driver
   */
  public static void main(String[] arguments) {
    boolean alone = List.of(arguments).contains("--alone");
    var kernels = new ArrayList<Kernel>();
    kernels.add(SimKernel.create());
    if (!alone) {
      kernels.add(Backend.NATIVE.open(Backend.Purpose.IOMMUFD));
    }
    System.out.printf("%-34s %12s %12s %9s%n", "request", "simulated ns", "real ns", "ratio");
    try {
      for (Call call : Call.values()) {
        print(call.shown, turns(kernels, call));
      }
      fills(kernels);
    } finally {
      kernels.forEach(Kernel::close);
    }
  }

  private static void print(String name, double[][] costs) {
    double simulated = median(costs, round -> round[0]);
    if (costs[0].length == 1) {
      System.out.printf(Locale.ROOT, "%-34s %12.0f%n", name, simulated);
      return;
    }
    System.out.printf(
        Locale.ROOT,
        "%-34s %12.0f %12.0f %9.2f%n",
        name,
        simulated,
        median(costs, round -> round[1]),
        median(costs, round -> round[0] / round[1]));
  }

  private static double median(double[][] rounds, ToDoubleFunction<double[]> figure) {
    return Arrays.stream(rounds).mapToDouble(figure).sorted().toArray()[rounds.length / 2];
  }

  /** Nanoseconds a call by round and kernel, warm, by turns. */
  private static double[][] turns(List<Kernel> kernels, Call call) {
    var subjects = kernels.stream().map(call::on).toList();
    long[] calls = new long[subjects.size()];
    Arrays.fill(calls, 1000);
    for (int turn = 0; turn < WARM_UP_TURNS; turn++) {
      for (int i = 0; i < calls.length; i++) {
        long nanos = subjects.get(i).time(calls[i]);
        calls[i] = Math.clamp(calls[i] * TURN_NANOS / nanos, 100, 10_000_000);
      }
    }
    var rounds = new double[ROUNDS][calls.length];
    for (double[] round : rounds) {
      for (int turn = 0; turn < TURNS; turn++) {
        for (int i = 0; i < calls.length; i++) {
          round[i] += (double) subjects.get(i).time(calls[i]) / calls[i] / TURNS;
        }
      }
    }
    subjects.forEach(Subject::close);
    return rounds;
  }

  /** An address space without domains is filled and emptied several times. */
  private static void fills(List<Kernel> kernels) {
    var mapped = new double[FILLS][kernels.size()];
    var chosen = new double[FILLS][kernels.size()];
    var unmapped = new double[FILLS][kernels.size()];
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
    }
    print("map, 10,000 to 100,000 areas", mapped);
    print("map anywhere, 500 to 2,000 areas", chosen);
    print("unmap all of 100,000, an area", unmapped);
    print("  the first time", new double[][] {unmapped[0]});
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
  private static double perMap(int few, int many, Body map) {
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

  /** The calls that are timed one by one. */
  private enum Call {
    /** {@code IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE}, to and fro between two HWPTs. */
    REPLACE("replace of a mock device") {
      @Override
      Subject on(Kernel kernel) {
        var context = new MockContext(kernel);
        int first = context.ioas();
        int second = context.ioas();
        context.map(first, MockContext.FIRST);
        context.map(second, MockContext.FIRST);
        var device = context.device(first);
        int[] hwpts = {context.hwpt(device, first), context.hwpt(device, second)};
        return new Subject(context, i -> context.replace(device, hwpts[(int) (i & 1)]));
      }
    },
    /** {@code IOMMU_IOAS_MAP} and {@code IOMMU_IOAS_UNMAP} of one page. */
    MAP_UNMAP("map + unmap of 4 KiB, 3 domains") {
      @Override
      Subject on(Kernel kernel) {
        var context = new MockContext(kernel);
        int ioas = context.ioas();
        var device = context.device(ioas);
        context.hwpt(device, ioas);
        context.hwpt(device, ioas);
        return new Subject(
            context,
            _ -> {
              context.map(ioas, MockContext.FIRST);
              context.unmap(ioas, MockContext.FIRST, MockContext.PAGE);
            });
      }
    },
    /** {@code IOMMU_OPTION} get. */
    OPTION("option get") {
      @Override
      Subject on(Kernel kernel) {
        var context = new MockContext(kernel);
        return new Subject(context, _ -> context.option());
      }
    };

    private final String shown;

    Call(String shown) {
      this.shown = shown;
    }

    abstract Subject on(Kernel kernel);
  }

  /** One call of the i-th. */
  @FunctionalInterface
  private interface Body {
    void call(long i);
  }

  /** A call on one kernel. */
  private record Subject(MockContext context, Body body) {

    long time(long calls) {
      long begin = System.nanoTime();
      for (long i = 0; i < calls; i++) {
        body.call(i);
      }
      return System.nanoTime() - begin;
    }

    void close() {
      context.close();
    }
  }
}
