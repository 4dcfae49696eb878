// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.bench;

import io.iommufd4j.cli.run.UsageException;
import io.iommufd4j.cli.switching.SwitchOutcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** The plot of a run, as a file of its own. */
final class SvgFile {

  private final Path file;

  private SvgFile(Path file) {
    this.file = file;
  }

  /**
   * A place for it.
   *
   * @throws UsageException when it cannot be, as far as can be told before the run
   */
  static SvgFile at(String name) {
    try {
      Path file = Path.of(name).toAbsolutePath();
      Path directory = file.getParent();
      if (directory != null
          && Files.isWritable(directory)
          && !Files.isDirectory(file)
          && (Files.notExists(file) || Files.isWritable(file))) {
        return new SvgFile(file);
      }
    } catch (InvalidPathException e) {
      // Said below.
    }
    throw new UsageException("--svg cannot be written: no such place as '" + name + "'");
  }

  /**
   * Draws and writes it. Without a measured switch there is nothing to draw, and no file.
   *
   * @throws UsageException when it cannot be written
   */
  void write(String title, SwitchOutcome outcome) {
    if (outcome.cases().stream().allMatch(one -> one.ways().isEmpty())) {
      return;
    }
    try {
      Files.writeString(file, TimesPlot.svg(title, outcome));
    } catch (IOException e) {
      throw new UsageException("--svg cannot be written to '" + file + "': " + e.getMessage());
    }
  }
}
