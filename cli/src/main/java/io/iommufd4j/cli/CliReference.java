// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import io.iommufd4j.cli.replace.Interruption;
import io.iommufd4j.cli.run.Invocation;
import io.iommufd4j.cli.run.Terminal;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** {@code docs/cli.md}: a page on every command, made from what picocli knows of them. */
public final class CliReference {

  private static final String INTRODUCTION =
      """
      # iommufdctl

      Every command with its options. This page is made from the commands themselves by `docs/write-cli-reference`; a
      test holds it to them. The JSON of `-o json` is described by [iommufdctl.schema.json](iommufdctl.schema.json).

      """;

  private final StringBuilder page = new StringBuilder(INTRODUCTION);

  private CliReference() {}

  /** Prints the page. */
  public static void main(String[] args) {
    var out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    out.print(page());
    out.flush();
  }

  /** The page, in Markdown. */
  static String page() {
    var nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
    var invocation = new Invocation(Terminal.ofStreams(nowhere, nowhere), new Interruption());
    var reference = new CliReference();
    CommandLine top = CommandTree.all(invocation);
    commands(top).filter(command -> command.getSubcommands().isEmpty()).forEach(reference::command);
    reference.global(top.getCommandSpec());
    return reference.page.toString();
  }

  private static Stream<CommandLine> commands(CommandLine line) {
    return Stream.concat(
        Stream.of(line), line.getSubcommands().values().stream().flatMap(CliReference::commands));
  }

  private void command(CommandLine command) {
    CommandSpec spec = command.getCommandSpec();
    page.append("## ").append(Invocation.commandName(spec)).append("\n\n");
    page.append("```\n").append(synopsis(spec)).append("\n```\n\n");
    for (String paragraph : spec.usageMessage().description()) {
      page.append(paragraph).append("\n\n");
    }
    arguments(
        Stream.concat(
                spec.positionalParameters().stream(),
                spec.options().stream().filter(option -> !isGlobal(option)))
            .toList());
  }

  private static boolean isGlobal(OptionSpec option) {
    return option.inherited() || option.usageHelp() || option.versionHelp();
  }

  private static String synopsis(CommandSpec spec) {
    Stream<String> options =
        spec.options().stream()
            .filter(option -> !isGlobal(option))
            .map(option -> "[" + option.longestName() + value(option) + "]");
    Stream<String> operands = spec.positionalParameters().stream().map(ArgSpec::paramLabel);
    return spec.qualifiedName()
        + Stream.concat(options, operands).map(" "::concat).collect(Collectors.joining());
  }

  private static String value(OptionSpec option) {
    String label = option.paramLabel();
    if (option.arity().max() == 0) {
      return "";
    }
    return option.arity().min() == 0 ? "[=" + label + "]" : "=" + label;
  }

  private void global(CommandSpec top) {
    page.append("## Options of every command\n\nThey may stand before or after the command.\n\n");
    arguments(List.copyOf(top.options()));
    page.append("## Exit codes\n\n| exit code | |\n| --- | --- |\n");
    top.usageMessage().exitCodeList().forEach((code, meaning) -> row(code.strip(), meaning));
    page.append("\n## Signals and environment\n\n");
    page.append(
        Arrays.stream(top.usageMessage().footer())
            .map(String::strip)
            .filter(line -> !line.isEmpty())
            .collect(Collectors.joining("\n")));
    page.append('\n');
  }

  private void arguments(List<? extends ArgSpec> arguments) {
    if (arguments.isEmpty()) {
      return;
    }
    page.append("| | |\n| --- | --- |\n");
    arguments.forEach(argument -> row(names(argument), description(argument)));
    page.append('\n');
  }

  private static String names(ArgSpec argument) {
    if (!(argument instanceof OptionSpec option)) {
      return "`" + argument.paramLabel() + "`";
    }
    return Arrays.stream(option.names())
        .map(name -> "`" + name + (name.startsWith("--") ? value(option) : "") + "`")
        .collect(Collectors.joining(", "));
  }

  private static String description(ArgSpec argument) {
    return Arrays.stream(argument.description())
        .map(text -> Ansi.OFF.string(text))
        .collect(Collectors.joining(" "));
  }

  private void row(String name, String meaning) {
    page.append("| ").append(name).append(" | ").append(meaning.replace("|", "\\|")).append(" |\n");
  }
}
