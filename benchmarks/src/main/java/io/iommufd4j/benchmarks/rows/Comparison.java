// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.benchmarks.rows;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One row as it is committed and as it was measured again.
 *
 * @param before null for a row that is not committed
 * @param now null for a row that its command measures no more
 */
record Comparison(@Nullable Row before, @Nullable Row now) {

  /** The most times that a row may get worse. */
  static final double MOST = 1.3;

  /** The outcome of a comparison. */
  enum Verdict {
    FINE,
    /** More than {@link #MOST} times worse. */
    OVER,
    /** A figure of the machine, and the committed one is another machine's. */
    OTHER_MACHINE,
    /** Not committed. */
    NEW,
    /** Committed, and its command measures it no more. */
    GONE
  }

  /** Of every row that is fresh, or is committed of a command that measured fresh rows. */
  static List<Comparison> of(Rows committed, Rows fresh) {
    Stream<Comparison> known =
        committed.rows().stream()
            .filter(row -> fresh.named(row.name()).isPresent() || fresh.have(row.command()))
            .map(row -> new Comparison(row, fresh.named(row.name()).orElse(null)));
    Stream<Comparison> unknown =
        fresh.rows().stream()
            .filter(row -> committed.named(row.name()).isEmpty())
            .map(row -> new Comparison(null, row));
    return Stream.concat(known, unknown).toList();
  }

  Verdict verdict() {
    if (before == null) {
      return Verdict.NEW;
    }
    if (now == null) {
      return Verdict.GONE;
    }
    Figure.Unit unit = now.figure().unit();
    if (unit != before.figure().unit()) {
      return Verdict.NEW;
    }
    if (unit.ofTheMachine() && !now.when().machine().equals(before.when().machine())) {
      return Verdict.OTHER_MACHINE;
    }
    return now.figure().worseThan(before.figure()) > MOST ? Verdict.OVER : Verdict.FINE;
  }

  /** True for what fails a check. */
  boolean fails() {
    return verdict() == Verdict.OVER || verdict() == Verdict.GONE;
  }

  String name() {
    return before != null ? before.name() : now != null ? now.name() : "";
  }

  /** For people. */
  String line() {
    Verdict verdict = verdict();
    return String.format(
        Locale.ROOT,
        "%-58s %10s %10s %-6s %s",
        name(),
        before == null ? "-" : before.figure().text(),
        now == null ? "-" : now.figure().text(),
        now != null ? now.figure().unitText() : "",
        verdict == Verdict.FINE ? "" : verdict.name().toLowerCase(Locale.ROOT).replace('_', ' '));
  }
}
