// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.install;

import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.OptionSpec;

/** The completion of bash: a function that looks at the line up to the cursor. */
final class BashCompletion {

  private static final String SCRIPT =
      """
      # bash completion of PROGRAM, made from its commands.
      _PROGRAM() {
        local line=${COMP_LINE:0:COMP_POINT} command='' options='' operands='' values='' word before='' all
        read -ra all <<<"$line"
        word=${line##*[[:space:]]}
        [ -z "$word" ] || unset 'all[-1]'
        for before in "${all[@]:1}"; do
          case "$command $before" in
          COMMANDS) command="$command $before" ;;
          esac
        done
        case $word in
        --*=*) before=${word%%=*} ;;
        esac
        case $before in
      VALUES  esac
        case $command in
      CASES  esac
        COMPREPLY=()
        if [ "$values" = - ]; then
          return
        elif [ -n "$values" ]; then
          mapfile -t COMPREPLY < <(compgen -W "$values" -- "${word#--*=}")
          return
        fi
        case $word in
        -*) mapfile -t COMPREPLY < <(compgen -W "$options GLOBAL" -- "$word") ;;
        *)
          [ "$operands" != - ] || operands=$(cd /sys/bus/pci/devices 2>/dev/null && echo *)
          mapfile -t COMPREPLY < <(compgen -W "$operands" -- "$word")
          ;;
        esac
        # What bash completes begins after the last colon.
        COMPREPLY=("${COMPREPLY[@]#"${word%"${word##*:}"}"}")
      }
      complete -o default -F _PROGRAM PROGRAM
      """;

  private BashCompletion() {}

  /** The script of a program. */
  static String of(String program, List<CommandWords> all) {
    return SCRIPT
        .replace("PROGRAM", program)
        .replace("COMMANDS", alternatives(all))
        .replace("VALUES", values(all))
        .replace("CASES", cases(all))
        .replace("GLOBAL", String.join(" ", CommandWords.names(all.getFirst().options())));
  }

  private static String alternatives(List<CommandWords> all) {
    return all.stream()
        .skip(1)
        .map(command -> "' " + command.joined(" ") + "'")
        .collect(Collectors.joining(" | "));
  }

  /** The values of an option: some words, or something that nobody can complete. */
  private static String values(List<CommandWords> all) {
    return all.stream()
        .flatMap(command -> command.options().stream())
        .filter(option -> CommandWords.takesValue(option) && !CommandWords.optionalValue(option))
        .map(BashCompletion::value)
        .distinct()
        .collect(Collectors.joining());
  }

  private static String value(OptionSpec option) {
    List<String> values = CommandWords.values(option);
    return "  %s) values='%s' ;;\n"
        .formatted(
            String.join(" | ", option.names()), values.isEmpty() ? "-" : String.join(" ", values));
  }

  private static String cases(List<CommandWords> all) {
    return all.stream().map(BashCompletion::one).collect(Collectors.joining());
  }

  private static String one(CommandWords command) {
    String operands =
        command.takesDevice() ? "-" : String.join(" ", command.spec().subcommands().keySet());
    boolean top = command.words().isEmpty();
    return "  '%s') options='%s' operands='%s' ;;\n"
        .formatted(
            top ? "" : " " + command.joined(" "),
            top ? "" : String.join(" ", CommandWords.names(command.options())),
            operands);
  }
}
