// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.benchmarks.report;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Makes the tables, plots and percentile files of the runs of {@code benchmarks/switching}. */
public final class Report {

  private static final List<String> ORDER =
      List.of("vtd", "vtd-scalable", "amd", "virtio", "smmuv3", "simulated");
  private static final double NANOS_PER_MICRO = 1e3;
  private static final double NANOS_PER_MILLI = 1e6;
  private static final long KIBI = 1024;

  /** The case whose percentiles are kept. */
  private static final long KEPT_AREAS = 10_000;

  private static final long KEPT_BYTES = 4096;

  private Report() {}

  /**
   * Writes {@code switching.md}, {@code switching-NAME.svg} and {@code switching-NAME-WAY.hgrm}.
   *
   * @param arguments the directory with the outputs of runs, the directory for the report, a line
   *     about the machine
   * @throws IOException when a file cannot be read or written
   */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length != 3) {
      System.err.println("usage: Report RUNS DIRECTORY MACHINE");
      System.exit(2);
    }
    Path to = Path.of(arguments[1]);
    Files.createDirectories(to);
    var runs = new ArrayList<Run>();
    for (String name : ORDER) {
      Path file = Path.of(arguments[0], name + ".txt");
      if (Files.exists(file)) {
        runs.add(Run.read(file));
      }
    }
    var lines = new ArrayList<String>();
    lines.add("# Another translation of many areas under DMA");
    lines.add("");
    lines.add(
        "Made by `benchmarks/switching`; [performance.md](../performance.md) says what it measures.");
    lines.add(arguments[2]);
    for (Run run : runs) {
      lines.addAll(table(run));
      Plot.write(to.resolve("switching-" + run.name() + ".svg"), run);
      percentiles(to, run);
    }
    Files.write(to.resolve("switching.md"), lines);
  }

  private static List<String> table(Run run) {
    var lines = new ArrayList<String>();
    lines.add("");
    lines.add("## " + run.title() + ", Linux " + run.kernel());
    lines.add("");
    lines.add("Begun " + run.begun() + ".");
    lines.add("");
    lines.add("![times of switches](switching-" + run.name() + ".svg)");
    lines.add("");
    boolean twin = run.measured().stream().anyMatch(one -> one.c().isPresent());
    lines.add(
        "| areas | way | switches | median | 99 % | longest |"
            + (twin ? " C, median | Java : C |" : "")
            + " DMA lost, back to back |"
            + (twin ? " C |" : "")
            + " longest gap, one switch |"
            + (twin ? " C |" : ""));
    lines.add("| --- | --- |" + " --- |".repeat(twin ? 10 : 6));
    run.measured().forEach(one -> lines.add(row(one, twin)));
    if (!run.measured().isEmpty()) {
      long pace = run.measured().stream().mapToLong(Measured::paceNanos).max().orElseThrow();
      lines.add("");
      lines.add("Without a switch the longest gap was " + time(pace) + ".");
    }
    run.limits().forEach(limit -> lines.add("- " + limit));
    return lines;
  }

  private static String row(Measured one, boolean twin) {
    var cells = new ArrayList<String>();
    cells.add(number(one.areas()) + " of " + size(one.bytes()));
    cells.add(one.way());
    cells.add(number(one.nanos().getTotalCount()));
    cells.add(time(one.medianNanos()));
    cells.add(time(one.nanos().getValueAtPercentile(99)));
    cells.add(time(one.nanos().getMaxValue()));
    var c = one.c();
    if (twin) {
      cells.add(c.map(other -> time(other.medianNanos())).orElse("–"));
      cells.add(
          c.map(other ->
                  String.format(
                      Locale.ROOT, "%.2f", (double) one.medianNanos() / other.medianNanos()))
              .orElse("–"));
    }
    cells.add(lost(one.lost(), one.wrong(), one.all()));
    if (twin) {
      cells.add(c.map(other -> lost(other.lost(), other.wrong(), other.all())).orElse("–"));
    }
    cells.add(time(one.gapNanos()));
    if (twin) {
      cells.add(c.map(other -> time(other.gapNanos())).orElse("–"));
    }
    return "| " + String.join(" | ", cells) + " |";
  }

  private static String lost(long lost, long wrong, long all) {
    return number(lost) + " of " + number(all) + (wrong == 0 ? "" : ", wrong " + number(wrong));
  }

  private static void percentiles(Path to, Run run) throws IOException {
    Stream<Measured> kept =
        run.measured().stream()
            .filter(one -> one.areas() == KEPT_AREAS && one.bytes() == KEPT_BYTES);
    for (Measured one : kept.toList()) {
      Path file = to.resolve("switching-" + run.name() + "-" + one.way() + ".hgrm");
      try (var out = new PrintStream(Files.newOutputStream(file), false, StandardCharsets.UTF_8)) {
        one.nanos().outputPercentileDistribution(out, NANOS_PER_MICRO);
      }
    }
  }

  static String number(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  static String size(long bytes) {
    return bytes >= KIBI * KIBI ? bytes / KIBI / KIBI + " MiB" : bytes / KIBI + " KiB";
  }

  private static String time(long nanos) {
    return nanos >= NANOS_PER_MILLI
        ? String.format(Locale.ROOT, "%,.1f ms", nanos / NANOS_PER_MILLI)
        : String.format(Locale.ROOT, "%,.1f µs", nanos / NANOS_PER_MICRO);
  }
}
