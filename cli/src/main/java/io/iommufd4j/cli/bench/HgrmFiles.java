// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.bench;

import io.iommufd4j.cli.run.UsageException;
import io.iommufd4j.cli.switching.AreaSize;
import io.iommufd4j.cli.switching.SwitchCase;
import io.iommufd4j.cli.switching.SwitchOutcome;
import io.iommufd4j.cli.switching.WayResult;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** Percentile distributions in HdrHistogram's own text form, a file for each way of each case. */
final class HgrmFiles {

  private static final String SUFFIX = ".hgrm";
  private static final double NANOS_PER_MICRO = 1000;

  private final Path stem;

  private HgrmFiles(Path stem) {
    this.stem = stem;
  }

  /**
   * Files beside this one.
   *
   * @throws UsageException when its directory cannot be written
   */
  static HgrmFiles at(String file) {
    try {
      String name =
          file.endsWith(SUFFIX) ? file.substring(0, file.length() - SUFFIX.length()) : file;
      var stem = Path.of(name).toAbsolutePath();
      Path directory = stem.getParent();
      if (directory != null && stem.getFileName() != null && Files.isWritable(directory)) {
        return new HgrmFiles(stem);
      }
    } catch (InvalidPathException e) {
      // Said below.
    }
    throw new UsageException("--hgrm cannot be written: no such directory for '" + file + "'");
  }

  /**
   * Writes them.
   *
   * @throws UsageException when one cannot be written
   */
  void write(SwitchOutcome outcome) {
    for (SwitchCase one : outcome.cases()) {
      for (WayResult result : one.ways()) {
        String name =
            stem.getFileName()
                + "-"
                + result.way()
                + "-"
                + one.areas()
                + "x"
                + AreaSize.text(one.bytes())
                + SUFFIX;
        write(stem.resolveSibling(name), result);
      }
    }
  }

  private static void write(Path file, WayResult result) {
    try (var out = new PrintStream(Files.newOutputStream(file), false, StandardCharsets.UTF_8)) {
      result.nanos().outputPercentileDistribution(out, NANOS_PER_MICRO);
    } catch (IOException e) {
      throw new UsageException("--hgrm cannot be written to '" + file + "': " + e.getMessage());
    }
  }
}
