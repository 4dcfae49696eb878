// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.benchmarks;

import io.iommufd4j.kernel.Backend;
import io.iommufd4j.kernel.Kernel;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.BenchmarkParams;

/** Mapping into an address space of many areas, and unmapping all of them: the cost of each. */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 20)
@Measurement(iterations = 20)
@Fork(1)
public class FillBenchmark {

  private static final int MAPPED = SimulatedCosts.MANY_AREAS - SimulatedCosts.FEW_AREAS;

  /** An address space without domains, with some areas, or many to unmap. */
  @State(Scope.Thread)
  public static class Areas {

    /** {@code sim} or {@code native}. */
    @Param("sim")
    public String backend;

    private Kernel kernel;
    private MockContext context;
    private int ioas;

    @Setup(Level.Invocation)
    public void open(BenchmarkParams params) {
      kernel = Backend.valueOf(backend.toUpperCase(Locale.ROOT)).open(Backend.Purpose.IOMMUFD);
      context = new MockContext(kernel);
      ioas = context.ioas();
      boolean full = params.getBenchmark().endsWith("unmapAll");
      map(0, full ? SimulatedCosts.MANY_AREAS : SimulatedCosts.FEW_AREAS);
    }

    void map(int from, int to) {
      for (long i = from; i < to; i++) {
        context.map(ioas, MockContext.FIRST + 2 * i * MockContext.PAGE);
      }
    }

    @TearDown(Level.Invocation)
    public void close() {
      context.close();
      kernel.close();
    }
  }

  @Benchmark
  @OperationsPerInvocation(MAPPED)
  public void map(Areas areas) {
    areas.map(SimulatedCosts.FEW_AREAS, SimulatedCosts.MANY_AREAS);
  }

  @Benchmark
  @OperationsPerInvocation(SimulatedCosts.MANY_AREAS)
  public void unmapAll(Areas areas) {
    long bytes = areas.context.unmapAll(areas.ioas);
    if (bytes != SimulatedCosts.MANY_AREAS * MockContext.PAGE) {
      throw new IllegalStateException(bytes + " bytes were mapped");
    }
  }
}
