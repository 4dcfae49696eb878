// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.run;

import java.io.PrintStream;
import java.util.Optional;

/**
 * Output that did not reach where it was sent.
 *
 * @param exitCode of the process where all else went well
 * @param message one line; empty when there is nobody it would help
 */
public record LostOutput(int exitCode, String message) {

  /**
   * The loss of a stream, which is flushed; empty when everything was written.
   *
   * @param what the stream carries, as {@code the output}
   */
  static Optional<LostOutput> of(PrintStream stream, String what) {
    if (!stream.checkError()) {
      return Optional.empty();
    }
    if (!(stream instanceof StandardStream standard)) {
      return Optional.of(new LostOutput(ExitCode.REFUSED, what + " could not be written"));
    }
    if (standard.isPipe()) {
      return Optional.of(new LostOutput(ExitCode.READER_GONE, ""));
    }
    String why = standard.failure().map(": "::concat).orElse("");
    return Optional.of(new LostOutput(ExitCode.REFUSED, what + " could not be written" + why));
  }
}
