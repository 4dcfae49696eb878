// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.iommufd4j.cli.run.Invocation;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class HostFilesTest {

  private static final Set<String> MACROS = Set.of(".TH", ".SH", ".PP", ".TP");

  private final Map<String, String> files = HostFiles.texts();

  private String file(String path) {
    return Objects.requireNonNull(files.get(path), () -> path + " is none of " + files.keySet());
  }

  @Test
  void everyCommandHasAPageWithItsOptions() {
    for (var command : Verbs.all()) {
      List<String> words = Verbs.words(command);
      if (words.isEmpty() || command.subcommands().isEmpty()) {
        String name = String.join("-", words);
        String page = file("man/man1/iommufdctl" + (name.isEmpty() ? "" : "-" + name) + ".1");
        String all = page + file("man/man1/iommufdctl.1");
        for (var option : command.options()) {
          String heading = "\\fB" + option.longestName().replace("-", "\\-") + "\\fR";
          assertTrue(all.contains(heading), () -> heading + " is not in " + page);
        }
      }
    }
  }

  @Test
  void pagesHaveNoLineThatRoffWouldTakeForAMacro() {
    files.forEach((path, text) -> {
      if (path.startsWith("man/")) {
        text.lines()
            .filter(line -> line.startsWith(".") || line.startsWith("'"))
            .forEach(line -> assertTrue(MACROS.contains(line.split(" ", 2)[0]), line));
      }
    });
  }

  @Test
  void everyShellKnowsEveryCommandAndOption() {
    for (String path :
        List.of(
            "bash-completion/completions/iommufdctl",
            "zsh/vendor-completions/_iommufdctl",
            "fish/vendor_completions.d/iommufdctl.fish")) {
      String script = file(path);
      for (var command : Verbs.all()) {
        String name = Invocation.commandName(command);
        String last = name.substring(name.lastIndexOf(' ') + 1);
        assertTrue(script.contains(last), () -> last + " is not in " + path);
        for (var option : command.options()) {
          String longName = option.longestName().substring(2);
          assertTrue(script.contains(longName), () -> longName + " is not in " + path);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "iommufdctl doc | doctor",
        "iommufdctl group | list show",
        "iommufdctl --backend n | native",
        "iommufdctl --sim device list --output=j | json",
        "iommufdctl device-replace --pro | --prove-dma",
        "iommufdctl device list --pro | ''"
      })
  void bashCompletes(String typed, String expected, @TempDir Path directory)
      throws IOException, InterruptedException {
    assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "there is no bash here");
    String line = typed.equals("iommufdctl group") ? typed + " " : typed;
    Path script = directory.resolve("completion");
    Files.writeString(
        script,
        file("bash-completion/completions/iommufdctl")
            + "COMP_LINE=$1\nCOMP_POINT=${#1}\n_iommufdctl\necho \"${COMPREPLY[*]}\"\n");
    var bash =
        new ProcessBuilder("/bin/bash", script.toString(), line).redirectErrorStream(true).start();
    String answer = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, bash.waitFor(), answer);
    assertEquals(expected, answer.strip());
  }
}
