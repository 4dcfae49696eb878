// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.benchmarks;

import io.iommufd4j.benchmarks.rows.Figure;
import java.util.Collection;
import java.util.Locale;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs the JMH benchmarks of single requests and of many areas on the simulated kernel. */
public final class SimulatedFigures {

  private SimulatedFigures() {}

  /**
   * Prints nanoseconds for each.
   *
   * @param arguments none
   * @throws RunnerException when a benchmark fails
   */
  public static void main(String[] arguments) throws RunnerException {
    Collection<RunResult> results =
        new Runner(
                new OptionsBuilder()
                    .include(CallBenchmark.class.getName())
                    .include(FillBenchmark.class.getName())
                    .shouldFailOnError(true)
                    .verbosity(VerboseMode.SILENT)
                    .build())
            .run();
    double option = 0;
    double bare = 0;
    for (RunResult result : results) {
      String name = result.getParams().getBenchmark();
      String call = result.getParams().getParam("call");
      double nanos = result.getPrimaryResult().getScore();
      String shown;
      if (call != null) {
        var request = MockCall.valueOf(call);
        option = request == MockCall.OPTION ? nanos : option;
        bare = request == MockCall.BARE_OPTION ? nanos : bare;
        shown = request.shown;
      } else {
        shown = name.endsWith("unmapAll") ? SimulatedCosts.UNMAP_MANY : SimulatedCosts.MAP_MANY;
      }
      System.out.printf(Locale.ROOT, "%-34s %12.0f ns%n", shown, nanos);
      new Figure(shown + ", simulated", nanos, Figure.Unit.NS).print();
    }
    new Figure("option get, by bare address : by segment", bare / option, Figure.Unit.RATIO)
        .print();
  }
}
