// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.run;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The streams and environment of iommufdctl.
 *
 * @param out results
 * @param err everything else: notes, prompts, progress, errors, the trace
 * @param in answers to prompts; null when nobody can answer
 * @param outIsTerminal true if a person reads {@code out}
 * @param errIsTerminal true if a person reads {@code err}
 * @param environment the environment variables
 */
public record Terminal(
    PrintStream out,
    PrintStream err,
    @Nullable BufferedReader in,
    boolean outIsTerminal,
    boolean errIsTerminal,
    Map<String, String> environment) {

  /** The process's own streams. */
  public static Terminal ofProcess() {
    var in =
        isTerminal(0)
            ? new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))
            : null;
    return new Terminal(
        StandardStream.out(),
        StandardStream.err(),
        in,
        isTerminal(1),
        isTerminal(2),
        System.getenv());
  }

  /** Streams nobody sits at. */
  public static Terminal ofStreams(PrintStream out, PrintStream err) {
    return new Terminal(out, err, null, false, false, Map.of());
  }

  /** True if results go to a terminal that shows colors, and the user has nothing against them. */
  public boolean colorsOut() {
    return outIsTerminal && !isSet("NO_COLOR") && !"dumb".equals(environment.get("TERM"));
  }

  /** True if somebody can be asked. */
  public boolean canAsk() {
    return in != null && errIsTerminal;
  }

  /** Asks a question that "y" or "yes" agrees to; anything else does not. */
  public boolean agrees(String question) {
    if (in == null) {
      return false;
    }
    err.print(question + " [y/N] ");
    err.flush();
    try {
      String answer = in.readLine();
      return answer != null
          && (answer.strip().equalsIgnoreCase("y") || answer.strip().equalsIgnoreCase("yes"));
    } catch (IOException e) {
      return false;
    }
  }

  /** True if a variable is set and not empty. */
  public boolean isSet(String variable) {
    return !environment.getOrDefault(variable, "").isEmpty();
  }

  /** By the descriptor's link, for {@code isatty(3)} would take native code before it is wanted. */
  @SuppressWarnings("SystemConsoleNull") // It is null for some -Djdk.console= of JDK 25.
  private static boolean isTerminal(int fd) {
    Path link = Path.of("/proc/self/fd/" + fd);
    if (!Files.isSymbolicLink(link)) {
      var console = System.console();
      return console != null && console.isTerminal();
    }
    try {
      String target = Files.readSymbolicLink(link).toString();
      return target.startsWith("/dev/pts/")
          || target.startsWith("/dev/tty")
          || target.equals("/dev/console");
    } catch (IOException e) {
      return false;
    }
  }
}
