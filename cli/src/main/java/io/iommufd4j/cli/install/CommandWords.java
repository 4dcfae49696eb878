// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.install;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * A command as it is typed.
 *
 * @param words after the command's own name; none for the command itself
 * @param spec what picocli knows of it
 */
record CommandWords(List<String> words, CommandSpec spec) {

  /** The label of an operand that is a device. */
  private static final String DEVICE = "DEVICE";

  /** The command and all below it, in order. */
  static List<CommandWords> of(CommandLine top) {
    var all = new ArrayList<CommandWords>();
    add(all, List.of(), top);
    return List.copyOf(all);
  }

  private static void add(List<CommandWords> all, List<String> words, CommandLine command) {
    all.add(new CommandWords(words, command.getCommandSpec()));
    for (Map.Entry<String, CommandLine> below : command.getSubcommands().entrySet()) {
      add(all, Stream.concat(words.stream(), Stream.of(below.getKey())).toList(), below.getValue());
    }
  }

  /** The words with something between. */
  String joined(String between) {
    return String.join(between, words);
  }

  /** True for one that does something by itself. */
  boolean leaf() {
    return spec.subcommands().isEmpty();
  }

  /** True for one that takes a device as its operand. */
  boolean takesDevice() {
    return spec.positionalParameters().stream().anyMatch(p -> p.paramLabel().equals(DEVICE));
  }

  /** The options that it alone has; those of the command itself hold for all. */
  List<OptionSpec> options() {
    return spec.options().stream()
        .filter(option -> words.isEmpty() || !(option.inherited() || help(option)))
        .toList();
  }

  private static boolean help(OptionSpec option) {
    return option.usageHelp() || option.versionHelp();
  }

  /** The first sentence of its description. */
  String summary() {
    return sentence(String.join(" ", spec.usageMessage().description()));
  }

  /** The words of an argument's description. */
  static String description(ArgSpec argument) {
    return Ansi.OFF.string(String.join(" ", argument.description()));
  }

  /** The first sentence, without its stop. */
  static String sentence(String text) {
    int stop = text.indexOf(". ");
    String first = stop < 0 ? text : text.substring(0, stop);
    return first.endsWith(".") ? first.substring(0, first.length() - 1) : first;
  }

  /** True for an option that is typed with a value, be it optional. */
  static boolean takesValue(OptionSpec option) {
    return option.arity().max() > 0;
  }

  /** True for an option that may be typed without its value. */
  static boolean optionalValue(OptionSpec option) {
    return takesValue(option) && option.arity().min() == 0;
  }

  /** The values that an option takes, as they are typed; empty when they are not a few words. */
  static List<String> values(OptionSpec option) {
    Iterable<String> candidates = option.completionCandidates();
    if (!takesValue(option) || candidates == null) {
      return List.of();
    }
    return StreamSupport.stream(candidates.spliterator(), false)
        .map(name -> name.toLowerCase(Locale.ROOT).replace('_', '-'))
        .toList();
  }

  /** Every name of some options. */
  static List<String> names(Collection<OptionSpec> options) {
    return options.stream().flatMap(option -> Arrays.stream(option.names())).toList();
  }
}
