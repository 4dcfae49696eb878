// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.install;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The completion of zsh: {@code _arguments} with what the command typed so far takes. */
final class ZshCompletion {

  private static final String SCRIPT =
      """
      #compdef PROGRAM
      # zsh completion of PROGRAM, made from its commands.
      local command word
      local -a devices=(/sys/bus/pci/devices/*(N:t))
      local -a global=(
      GLOBAL)
      for word in ${words[2,CURRENT-1]}; do
        case "$command $word" in
          COMMANDS) command="$command $word" ;;
        esac
      done
      case $command in
      CASESesac
      """;

  private ZshCompletion() {}

  /** The script of a program. */
  static String of(String program, List<CommandWords> all) {
    return SCRIPT
        .replace("PROGRAM", program)
        .replace("GLOBAL", lines(all.getFirst().options()))
        .replace(
            "COMMANDS",
            all.stream()
                .skip(1)
                .map(command -> "' " + command.joined(" ") + "'")
                .collect(Collectors.joining("|")))
        .replace("CASES", all.stream().map(ZshCompletion::one).collect(Collectors.joining()));
  }

  private static String lines(List<OptionSpec> options) {
    return options.stream()
        .flatMap(option -> Stream.of(option.names()).map(name -> option(name, option)))
        .map(line -> "  " + line + "\n")
        .collect(Collectors.joining());
  }

  private static String option(String name, OptionSpec option) {
    String value = "";
    String mark = "";
    if (CommandWords.takesValue(option)) {
      mark = name.startsWith("--") ? CommandWords.optionalValue(option) ? "=-" : "=" : "+";
      List<String> values = CommandWords.values(option);
      value =
          (CommandWords.optionalValue(option) ? "::" : ":")
              + escape(option.paramLabel())
              + ":"
              + (values.isEmpty() ? "" : "(" + String.join(" ", values) + ")");
    }
    String description = escape(CommandWords.sentence(CommandWords.description(option)));
    return "'" + name + mark + "[" + description + "]" + value + "'";
  }

  private static String one(CommandWords command) {
    boolean top = command.words().isEmpty();
    String operands = "";
    if (command.takesDevice()) {
      operands = " '*:device: compadd -a devices'";
    } else if (!command.leaf()) {
      operands =
          command.spec().subcommands().entrySet().stream()
              .map(
                  below -> below.getKey() + "\\:\"" + word(below.getValue().getCommandSpec()) + '"')
              .collect(Collectors.joining(" ", " '*:command:((", "))'"));
    }
    String own = top ? "" : lines(command.options()).replace("\n", " \\\n");
    return "  '"
        + (top ? "" : " " + command.joined(" "))
        + "')\n    _arguments -S $global"
        + operands
        + (own.isEmpty() ? "" : " \\\n" + own.substring(0, own.length() - 3))
        + " ;;\n";
  }

  private static String word(CommandSpec spec) {
    return escape(new CommandWords(List.of(), spec).summary()).replace("\"", "");
  }

  private static String escape(String text) {
    return text.replace("\\", "\\\\")
        .replace("[", "\\[")
        .replace("]", "\\]")
        .replace(":", "\\:")
        .replace("'", "'\\''");
  }
}
