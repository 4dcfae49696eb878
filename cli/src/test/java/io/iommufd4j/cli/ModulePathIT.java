// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command line as a module: picocli finds commands and options by reflection. */
class ModulePathIT {

  @Test
  void theMainJobRuns() {
    assertEquals("io.iommufd4j.cli", Main.class.getModule().getName());
    var run = CommandRun.of("--sim", "device-replace", "0000:02:01.0", "-o", "json");
    assertEquals(0, run.exitCode(), run::err);
  }

  /** Each package with commands is opened to picocli, which makes all of them for this page. */
  @Test
  void everyCommandIsFound() {
    assertTrue(CliReference.page().contains("machine capture"));
  }

  /** The library that draws has no module descriptor, and needs some that have one. */
  @Test
  void timesAreDrawn(@TempDir Path directory) {
    Path file = directory.resolve("x.svg");
    var run =
        CommandRun.of("--sim", "bench", "02:01.0", "--seconds=0.01", "--count=1", "--svg=" + file);
    assertEquals(0, run.exitCode(), run::err);
    assertTrue(Files.isRegularFile(file));
  }

  @Test
  void theVersionIsKnown() {
    assertTrue(CommandRun.of("--version").out().matches("(?s)iommufdctl \\d.*"));
  }
}
