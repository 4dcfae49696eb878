// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.errors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.iommufd4j.kernel.Request;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The page of error paths is what the tests say, and no command is without one. */
final class ErrorTableTest {

  @Test
  void pageIsUpToDate() throws IOException {
    String module = System.getProperty("basedir");
    assumeTrue(module != null, "only a build knows where the page is");
    Path written = Path.of(module, "target", "ERRORS.md");
    Files.writeString(written, ErrorTable.page());
    assertEquals(
        ErrorTable.page(),
        Files.readString(Path.of(module, "ERRORS.md")),
        "conformance/ERRORS.md is not what the tests say: copy conformance/target/ERRORS.md");
  }

  @Test
  void everyCommandHasErrorPaths() {
    assertEquals(22, BlockErrors.COMMANDS.size());
    for (Request command : BlockErrors.COMMANDS) {
      assertTrue(ErrorTable.paths().anyMatch(path -> path.command() == command), command::name);
    }
  }

  @Test
  void noPathIsThereTwice() {
    List<String> names = ErrorTable.paths().map(ErrorPath::toString).toList();
    assertEquals(names.size(), new HashSet<>(names).size());
  }
}
