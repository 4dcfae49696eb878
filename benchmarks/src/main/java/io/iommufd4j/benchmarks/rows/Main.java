// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.benchmarks.rows;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Compares fresh rows with the committed table, and keeps them in it. */
public final class Main {

  private static final int OVER = 1;
  private static final int USAGE = 2;

  private Main() {}

  /**
   * Prints a line for each row.
   *
   * @param arguments {@code check} or {@code keep}, the committed table, and the table of fresh
   *     rows
   * @throws IOException when a table cannot be read or written
   */
  public static void main(String[] arguments) throws IOException {
    System.exit(run(List.of(arguments), System.out));
  }

  /** {@return the exit status: 1 when a check fails} */
  static int run(List<String> arguments, PrintStream out) throws IOException {
    boolean check = arguments.size() == 3 && arguments.getFirst().equals("check");
    if (!check && !(arguments.size() == 3 && arguments.getFirst().equals("keep"))) {
      out.println("usage: check|keep COMMITTED FRESH");
      return USAGE;
    }
    Path table = Path.of(arguments.get(1));
    Rows committed = Rows.read(table);
    Rows fresh = Rows.read(Path.of(arguments.get(2)));
    List<Comparison> comparisons = Comparison.of(committed, fresh);
    out.printf(Locale.ROOT, "%-58s %10s %10s%n", "row", "committed", "now");
    comparisons.forEach(comparison -> out.println(comparison.line()));
    if (!check) {
      committed.with(fresh).write(table);
      return 0;
    }
    List<Comparison> failures = comparisons.stream().filter(Comparison::fails).toList();
    for (Comparison failure : failures) {
      out.println(
          failure.verdict() == Comparison.Verdict.GONE
              ? failure.name() + ": measured no more"
              : failure.name() + ": over " + Comparison.MOST + " times what is committed");
    }
    return failures.isEmpty() ? 0 : OVER;
  }
}
