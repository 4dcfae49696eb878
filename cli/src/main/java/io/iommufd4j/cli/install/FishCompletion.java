// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.install;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** The completion of fish: one line an option, one a command. */
final class FishCompletion {

  private static final String DEVICES =
      " -a '(for device in /sys/bus/pci/devices/*; string replace -r \".*/\" \"\" $device; end)'";

  private final StringBuilder script = new StringBuilder();
  private final String complete;

  private FishCompletion(String program) {
    complete = "complete -c " + program;
    script.append("# fish completion of ").append(program).append(", made from its commands.\n");
    script.append(complete).append(" -f\n");
  }

  /** The script of a program. */
  static String of(String program, List<CommandWords> all) {
    var completion = new FishCompletion(program);
    all.forEach(completion::add);
    return completion.script.toString();
  }

  private void add(CommandWords command) {
    String condition = typed(command);
    Map<String, CommandLine> below = command.spec().subcommands();
    String none = "not __fish_seen_subcommand_from " + String.join(" ", below.keySet());
    for (Map.Entry<String, CommandLine> one : below.entrySet()) {
      script
          .append(complete)
          .append(quotedCondition(condition.isEmpty() ? none : condition + "; and " + none))
          .append(" -a ")
          .append(one.getKey())
          .append(" -d ")
          .append(quote(new CommandWords(List.of(), one.getValue().getCommandSpec()).summary()))
          .append('\n');
    }
    if (command.takesDevice()) {
      script.append(complete).append(quotedCondition(condition)).append(DEVICES).append('\n');
    }
    for (OptionSpec option : command.options()) {
      script
          .append(complete)
          .append(quotedCondition(condition))
          .append(option(option))
          .append('\n');
    }
  }

  private static String typed(CommandWords command) {
    return command.words().stream()
        .map(word -> "__fish_seen_subcommand_from " + word)
        .collect(Collectors.joining("; and "));
  }

  private static String quotedCondition(String condition) {
    return condition.isEmpty() ? "" : " -n " + quote(condition);
  }

  private static String option(OptionSpec option) {
    var words = new ArrayList<String>();
    for (String name : option.names()) {
      words.add(name.startsWith("--") ? "-l " + name.substring(2) : "-s " + name.substring(1));
    }
    if (CommandWords.takesValue(option) && !CommandWords.optionalValue(option)) {
      List<String> values = CommandWords.values(option);
      words.add(values.isEmpty() ? "-x" : "-x -a " + quote(String.join(" ", values)));
    }
    words.add("-d " + quote(CommandWords.sentence(CommandWords.description(option))));
    return " " + String.join(" ", words);
  }

  private static String quote(String text) {
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
  }
}
