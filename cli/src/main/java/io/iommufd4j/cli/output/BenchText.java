// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.output;

import io.iommufd4j.cli.switching.AreaSize;
import io.iommufd4j.cli.switching.DmaCount;
import io.iommufd4j.cli.switching.SwitchCase;
import io.iommufd4j.cli.switching.WayResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Help.Ansi;

/** {@code bench} as text. */
final class BenchText {

  private static final int ROWS = 10;
  private static final int BAR = 50;
  private static final int PERCENT = 100;
  private static final double SHOWN = 99;

  private final Ansi ansi;

  BenchText(Ansi ansi) {
    this.ansi = ansi;
  }

  List<String> plan(Document.BenchPlan document) {
    var lines = new ArrayList<String>();
    lines.add(ReplaceText.kernel(document.source()));
    lines.add(Emphasis.HEADING.paint(ansi, "plan"));
    var plan = document.plan();
    var table = new Table().row("device", ReplaceText.participant(plan.device()));
    plan.siblings()
        .forEach(
            sibling -> table.row("sibling", ReplaceText.participant(sibling) + "; moves along"));
    table
        .row("IOMMU", ReplaceText.iommu(plan.iommu()))
        .row(
            "areas",
            String.join(", ", document.order().counts().stream().map(Object::toString).toList())
                + " of "
                + String.join(
                    ", ", document.order().sizes().stream().map(AreaSize::text).toList()));
    table.lines().forEach(line -> lines.add("  " + line));
    return lines;
  }

  List<String> outcome(Document.Benched document) {
    var lines = new ArrayList<String>();
    for (SwitchCase one : document.outcome().cases()) {
      if (!one.ways().isEmpty()) {
        one(lines, one);
      }
    }
    lines.add("by " + document.source());
    return lines;
  }

  private void one(List<String> lines, SwitchCase one) {
    lines.add(
        Emphasis.HEADING.paint(
                ansi,
                String.format(
                    Locale.ROOT, "%,d areas of %s", one.areas(), AreaSize.text(one.bytes())))
            + ", mapped in "
            + Formats.time(one.fillNanos())
            + (one.dma()
                ? "; without a switch a transfer takes up to "
                    + Formats.time(one.quiet().longestGapNanos())
                : "; no DMA: its engine is not known"));
    var table =
        new Table()
            .row("", "switches", "median", "p99", "longest", "DMA lost", "longest gap, one switch");
    one.ways().forEach(result -> table.row(row(result, one.dma())));
    table.lines().forEach(line -> lines.add("  " + line));
    for (WayResult result : one.ways()) {
      lines.add("  " + result.way().title());
      histogram(lines, result.nanos());
    }
    lines.add("");
  }

  private static String[] row(WayResult result, boolean dma) {
    Histogram nanos = result.nanos();
    DmaCount busy = result.backToBack();
    return new String[] {
      result.way().title(),
      Long.toString(nanos.getTotalCount()),
      Formats.time(nanos.getValueAtPercentile(50)),
      Formats.time(nanos.getValueAtPercentile(99)),
      Formats.time(nanos.getMaxValue()),
      dma
          ? busy.lost() + " of " + busy.all() + (busy.wrong() == 0 ? "" : ", wrong " + busy.wrong())
          : "-",
      dma ? Formats.time(result.single().longestGapNanos()) : "-"
    };
  }

  /** Rows of the same width from the shortest time to the one that 99 of 100 stay within. */
  private static void histogram(List<String> lines, Histogram nanos) {
    long from = nanos.getMinValue();
    long width = Math.max(1, Math.ceilDiv(nanos.getValueAtPercentile(SHOWN) + 1 - from, ROWS));
    for (int i = 0; i < ROWS; i++) {
      long first = from + i * width;
      if (first > nanos.getMaxValue()) {
        break;
      }
      bar(lines, Formats.time(first), nanos.getCountBetweenValues(first, first + width - 1), nanos);
    }
    long end = from + ROWS * width;
    if (end <= nanos.getMaxValue()) {
      bar(lines, "longer", nanos.getCountBetweenValues(end, nanos.getMaxValue()), nanos);
    }
  }

  private static void bar(List<String> lines, String name, long count, Histogram nanos) {
    long share = Math.ceilDiv(count * BAR, nanos.getTotalCount());
    lines.add(
        String.format(
                Locale.ROOT,
                "    %10s  %5.1f %%  %s",
                name,
                (double) count * PERCENT / nanos.getTotalCount(),
                "#".repeat((int) share))
            .stripTrailing());
  }
}
