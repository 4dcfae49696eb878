// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.benchmarks;

import io.iommufd4j.uapi.PageTableId;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** One change of translation: by replace, and the old way round by detach and attach. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ReplaceBenchmark {

  private boolean toSecond = true;

  @Benchmark
  public PageTableId replace(BoundDevice bound) {
    return bound.vfio.replace(next(bound));
  }

  @Benchmark
  public PageTableId detachAndAttach(BoundDevice bound) {
    bound.vfio.detach();
    return bound.vfio.attach(next(bound));
  }

  private PageTableId next(BoundDevice bound) {
    PageTableId to = toSecond ? bound.second.id() : bound.first.id();
    toSecond = !toSecond;
    return to;
  }
}
