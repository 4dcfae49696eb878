// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.run;

import io.iommufd4j.kernel.TraceEvent;
import io.iommufd4j.kernel.TraceSink;
import java.io.PrintStream;
import java.util.Optional;

/**
 * Writes a trace, one line for each call, each at once: a run that dies leaves its trace behind.
 */
final class TraceWriter implements TraceSink {

  private final PrintStream to;

  private TraceWriter(PrintStream to) {
    this.to = to;
  }

  /**
   * To a file, or to a stream.
   *
   * @param file empty for the stream
   * @throws UsageException when the file cannot be written
   */
  static TraceWriter to(String file, PrintStream otherwise) {
    if (file.isEmpty()) {
      return new TraceWriter(otherwise);
    }
    return new TraceWriter(OutputFile.open(file, "the trace"));
  }

  /** The stream that it goes to. */
  PrintStream stream() {
    return to;
  }

  /** The loss; empty when everything was written. */
  Optional<LostOutput> lost() {
    return LostOutput.of(to, "the trace");
  }

  @Override
  public void accept(TraceEvent event) {
    to.println(event);
  }
}
