// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.iommufd4j.cli.run.Invocation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Model.CommandSpec;

/** The README says of exit codes, verbs and options what the command says. */
final class ReadmeTest {

  private static final Pattern EXIT_CODE = Pattern.compile("(?m)^\\| (\\d+) \\| (.*) \\|$");
  private static final Pattern COMMAND = Pattern.compile("iommufdctl ((?:--?|[a-z])[^#`\\n]*)");
  private static final Pattern OPTION = Pattern.compile("(?<=^|\\s)--?[a-z][a-z-]*");

  private static String readme() throws IOException {
    return Files.readString(Path.of("..", "README.md"));
  }

  @Test
  void exitCodesAreTheHelps() throws IOException {
    var inReadme = new LinkedHashMap<String, String>();
    EXIT_CODE.matcher(readme()).results().forEach(row -> inReadme.put(row.group(1), row.group(2)));
    var inHelp = new LinkedHashMap<String, String>();
    Verbs.all()
        .getFirst()
        .usageMessage()
        .exitCodeList()
        .forEach((code, meaning) -> inHelp.put(code.strip(), meaning));
    assertFalse(inHelp.isEmpty());
    assertEquals(inHelp, inReadme);
  }

  @Test
  void commandsHaveVerbsAndOptionsThatExist() throws IOException {
    List<CommandSpec> commands = Verbs.all();
    Set<String> options =
        commands.stream()
            .flatMap(command -> command.optionsMap().keySet().stream())
            .collect(Collectors.toSet());
    Set<String> verbs =
        commands.stream()
            .filter(command -> command.subcommands().isEmpty())
            .map(Invocation::commandName)
            .collect(Collectors.toSet());
    var unknown = new TreeSet<String>();
    int tried = 0;
    for (var line : COMMAND.matcher(readme()).results().toList()) {
      String command = " " + line.group(1).strip() + " ";
      OPTION
          .matcher(command)
          .results()
          .map(option -> option.group())
          .filter(option -> !options.contains(option))
          .forEach(unknown::add);
      if (verbs.stream().noneMatch(verb -> command.contains(" " + verb + " "))) {
        unknown.add(command);
      }
      tried++;
    }
    assertEquals(Set.of(), unknown);
    assertFalse(tried < 5, "commands in the README: " + tried);
  }
}
