// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.run;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** A file that an option names, for what is written beside the result. */
final class OutputFile {

  private OutputFile() {}

  /**
   * Opens it, and empties one that is there.
   *
   * @param what is written, as {@code the trace}
   * @return a stream that flushes each line
   * @throws UsageException when it cannot be written
   */
  static PrintStream open(String file, String what) {
    try {
      var stream = Files.newOutputStream(Path.of(file));
      return new PrintStream(stream, true, StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      throw new UsageException(what + " cannot be written: no directory for '" + file + "'");
    } catch (IOException | InvalidPathException e) {
      throw new UsageException(what + " cannot be written to '" + file + "': " + e.getMessage());
    }
  }
}
