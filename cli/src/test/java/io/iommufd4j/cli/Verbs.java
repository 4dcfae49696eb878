// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import io.iommufd4j.cli.replace.Interruption;
import io.iommufd4j.cli.run.Invocation;
import io.iommufd4j.cli.run.Terminal;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** The commands that iommufdctl has, for tests that hold for each. */
final class Verbs {

  private Verbs() {}

  /** The command itself, its groups of verbs, and the verbs. */
  static List<CommandSpec> all() {
    var nowhere = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
    var invocation = new Invocation(Terminal.ofStreams(nowhere, nowhere), new Interruption());
    return below(CommandTree.all(invocation)).map(CommandLine::getCommandSpec).toList();
  }

  private static Stream<CommandLine> below(CommandLine line) {
    return Stream.concat(
        Stream.of(line), line.getSubcommands().values().stream().flatMap(Verbs::below));
  }

  /** The words to type for it after the command's own name. */
  static List<String> words(CommandSpec command) {
    String name = Invocation.commandName(command);
    return name.isEmpty() ? List.of() : List.of(name.split(" ", -1));
  }
}
