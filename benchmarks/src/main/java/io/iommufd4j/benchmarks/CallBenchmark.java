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
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Single requests on a kernel that has the mock driver. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Thread)
public class CallBenchmark {

  /** {@code sim} or {@code native}. */
  @Param("sim")
  public String backend;

  /** A {@link MockCall}. */
  @Param({"REPLACE", "MAP_UNMAP", "OPTION", "BARE_OPTION"})
  public String call;

  private Kernel kernel;
  private MockCall.Warm warm;
  private long calls;

  @Setup(Level.Trial)
  public void open() {
    kernel = Backend.valueOf(backend.toUpperCase(Locale.ROOT)).open(Backend.Purpose.IOMMUFD);
    warm = MockCall.valueOf(call).on(kernel);
  }

  @Benchmark
  public void once() {
    warm.body().call(calls++);
  }

  @TearDown(Level.Trial)
  public void close() {
    warm.close();
    kernel.close();
  }
}
