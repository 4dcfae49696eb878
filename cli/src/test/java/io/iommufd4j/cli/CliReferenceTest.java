// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.cli.run.Invocation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class CliReferenceTest {

  @Test
  void thePageIsWhatTheCommandsSay() throws IOException {
    assertEquals(
        CliReference.page(),
        Files.readString(Path.of("..", "docs", "cli.md")),
        "docs/write-cli-reference writes it anew");
  }

  @Test
  void everyCommandAndOptionHasItsPlace() {
    String page = CliReference.page();
    for (var command : Verbs.all()) {
      if (command.subcommands().isEmpty()) {
        assertTrue(page.contains("\n## " + Invocation.commandName(command) + "\n"), page);
      }
      for (var option : command.options()) {
        assertTrue(page.contains("`" + option.longestName()), option.longestName());
      }
    }
  }
}
