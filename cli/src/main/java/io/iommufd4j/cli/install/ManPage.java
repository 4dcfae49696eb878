// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.install;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/** A page of section 1 of the manual, in the man macros of roff. */
final class ManPage {

  private final StringBuilder page = new StringBuilder();
  private final String name;
  private final CommandWords command;

  private ManPage(String name, CommandWords command) {
    this.name = name;
    this.command = command;
  }

  /** The name of the page of a command, as git-log is the page of git log. */
  static String name(String program, CommandWords command) {
    return Stream.concat(Stream.of(program), command.words().stream())
        .collect(Collectors.joining("-"));
  }

  /**
   * The page of a command.
   *
   * @param program the name that it is started by
   * @param command any of all
   * @param all every command of the program, the program itself first
   */
  static String of(String program, CommandWords command, List<CommandWords> all) {
    var page = new ManPage(name(program, command), command);
    page.write(program, all);
    return page.page.toString();
  }

  private void write(String program, List<CommandWords> all) {
    CommandWords top = all.getFirst();
    line(".TH " + name.toUpperCase(Locale.ROOT).replace("-", "\\-") + " 1 \"\" " + program);
    section("NAME");
    text(name + " - " + lowerFirst(command.summary()));
    section("SYNOPSIS");
    synopsis(program);
    section("DESCRIPTION");
    String between = "";
    for (String paragraph : command.spec().usageMessage().description()) {
      page.append(between);
      text(paragraph);
      between = ".PP\n";
    }
    if (command.equals(top)) {
      section("COMMANDS");
      all.stream()
          .filter(CommandWords::leaf)
          .forEach(leaf -> entry(bold(leaf.joined(" ")), leaf.summary() + "."));
      section("OPTIONS");
      arguments(command.options());
      exitCodes();
    } else {
      var arguments = new ArrayList<ArgSpec>(command.spec().positionalParameters());
      arguments.addAll(command.options());
      if (!arguments.isEmpty()) {
        section("OPTIONS");
        arguments(arguments);
      }
      line(".PP");
      text("Options of every command, exit codes and signals: " + program + "(1).");
    }
    section("SEE ALSO");
    text(
        all.stream()
            .filter(other -> (other.leaf() || other.equals(top)) && !other.equals(command))
            .map(other -> name(program, other) + "(1)")
            .collect(Collectors.joining(", ")));
  }

  private void synopsis(String program) {
    var words = new ArrayList<String>();
    words.add(bold((program + " " + command.joined(" ")).strip()));
    if (!command.leaf()) {
      words.add(italic("COMMAND"));
    }
    words.add("[" + italic("OPTION") + "]...");
    command.spec().positionalParameters().forEach(p -> words.add(italic(p.paramLabel())));
    line(String.join(" ", words));
  }

  private void arguments(List<? extends ArgSpec> arguments) {
    for (ArgSpec argument : arguments) {
      entry(names(argument), CommandWords.description(argument));
    }
  }

  private static String names(ArgSpec argument) {
    if (!(argument instanceof OptionSpec option)) {
      return italic(argument.paramLabel());
    }
    return Stream.of(option.names())
        .map(name -> bold(name) + (name.startsWith("--") ? value(option) : ""))
        .collect(Collectors.joining(", "));
  }

  private static String value(OptionSpec option) {
    String value = "=" + italic(option.paramLabel());
    if (!CommandWords.takesValue(option)) {
      return "";
    }
    return CommandWords.optionalValue(option) ? "[" + value + "]" : value;
  }

  private void exitCodes() {
    section("EXIT STATUS");
    var usage = command.spec().usageMessage();
    for (Map.Entry<String, String> code : usage.exitCodeList().entrySet()) {
      entry(bold(code.getKey().strip()), code.getValue());
    }
    section("SIGNALS AND ENVIRONMENT");
    for (String line : usage.footer()) {
      if (!line.isBlank()) {
        text(line.strip());
      }
    }
  }

  private void section(String heading) {
    line(".SH \"" + heading + '"');
  }

  private void entry(String heading, String description) {
    line(".TP");
    line(heading);
    text(description);
  }

  private void text(String text) {
    String escaped = escape(text);
    // A line that begins so would be taken for a macro.
    line(escaped.startsWith(".") || escaped.startsWith("'") ? "\\&" + escaped : escaped);
  }

  private void line(String line) {
    page.append(line).append('\n');
  }

  private static String bold(String text) {
    return "\\fB" + escape(text) + "\\fR";
  }

  private static String italic(String text) {
    return "\\fI" + escape(text) + "\\fR";
  }

  private static String escape(String text) {
    return text.replace("\\", "\\e").replace("-", "\\-").replace("\n", " ");
  }

  private static String lowerFirst(String text) {
    return text.isEmpty() ? text : Character.toLowerCase(text.charAt(0)) + text.substring(1);
  }
}
