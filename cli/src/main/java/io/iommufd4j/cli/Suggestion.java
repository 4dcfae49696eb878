// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.UnmatchedArgumentException;

/** Finds the verb or option that a mistyped one was probably meant to be. */
final class Suggestion {

  private static final int MOST = 3;

  private Suggestion() {}

  /** A question as {@code did you mean 'list'?}; empty when nothing is near. */
  static String of(UnmatchedArgumentException wrong) {
    CommandSpec command = wrong.getCommandLine().getCommandSpec();
    String word = wrong.getUnmatched().getFirst();
    List<String> near =
        word.startsWith("-") ? options(word, command) : verbs(word, wrong.getCommandLine());
    return near.isEmpty()
        ? ""
        : near.stream()
            .limit(MOST)
            .map(name -> "'" + name + "'")
            .collect(Collectors.joining(" or ", "did you mean ", "?"));
  }

  private static List<String> options(String word, CommandSpec command) {
    return near(word.replaceFirst("=.*", ""), command.optionsMap().keySet());
  }

  /** Those of the command itself; if none, those of every command that end in the word. */
  private static List<String> verbs(String word, CommandLine command) {
    List<String> own = near(word, command.getSubcommands().keySet());
    if (!own.isEmpty() || command.getSubcommands().isEmpty()) {
      return own;
    }
    CommandLine top = command;
    while (top.getParent() != null) {
      top = top.getParent();
    }
    return leaves("", top).filter(verb -> tails(verb).contains(word)).toList();
  }

  private static Stream<String> leaves(String path, CommandLine command) {
    return command.getSubcommands().entrySet().stream()
        .flatMap(entry -> {
          String verb = path + entry.getKey();
          return entry.getValue().getSubcommands().isEmpty()
              ? Stream.of(verb)
              : leaves(verb + " ", entry.getValue());
        });
  }

  /** The letters that follow a space or dash. */
  private static List<String> tails(String verb) {
    var tails = new ArrayList<String>();
    for (int i = 1; i < verb.length(); i++) {
      if (" -".indexOf(verb.charAt(i - 1)) >= 0) {
        tails.add(verb.substring(i));
      }
    }
    return tails;
  }

  private static List<String> near(String word, Collection<String> names) {
    return names.stream()
        .filter(name -> isNear(word, name))
        .sorted(Comparator.comparingInt(name -> distance(word, name)))
        .toList();
  }

  /** A third of the letters may be wrong; or the word is the name with letters left out. */
  private static boolean isNear(String word, String name) {
    int letters = name.replace("-", "").length();
    if (letters < 2) {
      return false;
    }
    return distance(word, name) <= Math.max(1, letters / 3) || abbreviates(word, name);
  }

  private static boolean abbreviates(String word, String name) {
    if (word.length() < 2 || word.charAt(0) != name.charAt(0)) {
      return false;
    }
    int found = 0;
    for (int i = 0; i < name.length() && found < word.length(); i++) {
      if (name.charAt(i) == word.charAt(found)) {
        found++;
      }
    }
    return found == word.length() && !word.startsWith("-");
  }

  /**
   * The number of letters to add, drop, change or swap with the next to turn one into the other.
   */
  static int distance(String a, String b) {
    int[][] steps = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          steps[i][j] = i + j;
          continue;
        }
        int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        steps[i][j] =
            Math.min(Math.min(steps[i - 1][j], steps[i][j - 1]) + 1, steps[i - 1][j - 1] + change);
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          steps[i][j] = Math.min(steps[i][j], steps[i - 2][j - 2] + 1);
        }
      }
    }
    return steps[a.length()][b.length()];
  }
}
