// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.record;

import java.io.PrintStream;
import java.util.function.Consumer;

/** Writes a recording, each line at once: a program that dies leaves its recording behind. */
public final class RecordingWriter implements Consumer<RecordedEvent> {

  private final PrintStream to;

  /**
   * Begins a recording.
   *
   * @param to gets the lines; the caller's to close
   * @param header the first line
   */
  public RecordingWriter(PrintStream to, RecordingHeader header) {
    this.to = to;
    to.print(RecordingLines.of(header) + "\n");
    to.flush();
  }

  @Override
  public synchronized void accept(RecordedEvent event) {
    to.print(RecordingLines.of(event) + "\n");
    to.flush();
  }
}
