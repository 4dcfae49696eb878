// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.bench;

import static java.util.Map.entry;

import io.iommufd4j.cli.switching.SwitchCase;
import io.iommufd4j.cli.switching.SwitchOutcome;
import io.iommufd4j.cli.switching.WayResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramIterationValue;
import org.jetbrains.letsPlot.commons.encoding.RGBEncoder;
import org.jetbrains.letsPlot.core.util.PlotSvgExportCommon;

/**
 * Draws how long switches took as SVG: time over percentile, both on logarithmic axes, with a
 * column for each count, a row for each size and a line for each way. The library draws without
 * {@code java.desktop} and without a font, as the package's Java runtime has neither.
 */
final class TimesPlot {

  private static final int PANEL = 300;
  private static final int BESIDE = 160;
  private static final int LEAST_WIDTH = 620;
  private static final int TICKS_PER_HALF_DISTANCE = 5;
  private static final double NANOS_PER_MICRO = 1000;
  private static final long KIB = 1024;
  private static final double PERCENT = 100;

  /** Switches to one that takes longer. */
  private static final List<Double> BREAKS = List.of(1.0, 2.0, 10.0, 100.0, 1e3, 1e4, 1e5);

  private static final List<String> PERCENTILES =
      List.of("0%", "50%", "90%", "99%", "99.9%", "99.99%", "99.999%");

  private static final RGBEncoder NO_IMAGES =
      (_, _, _) -> {
        throw new IllegalStateException("lines are no image");
      };

  private final List<Double> ranks = new ArrayList<>();
  private final List<Double> micros = new ArrayList<>();
  private final List<String> ways = new ArrayList<>();
  private final List<Integer> areas = new ArrayList<>();
  private final List<Long> kibibytes = new ArrayList<>();

  private TimesPlot() {}

  /** The document. A case that could not be measured has an empty panel. */
  static String svg(String title, SwitchOutcome outcome) {
    var plot = new TimesPlot();
    outcome.cases().forEach(one -> one.ways().forEach(result -> plot.line(one, result)));
    return PlotSvgExportCommon.INSTANCE.buildSvgImageFromRawSpecs(
        plot.specification(title), null, NO_IMAGES, false);
  }

  private void line(SwitchCase one, WayResult result) {
    Histogram nanos = result.nanos();
    for (HistogramIterationValue value : nanos.percentiles(TICKS_PER_HALF_DISTANCE)) {
      double longer = 1 - value.getPercentileLevelIteratedTo() / PERCENT;
      // The longest of N stands where one in N would take longer.
      ranks.add(Math.min(1 / longer, (double) nanos.getTotalCount()));
      micros.add(Math.max(1, value.getValueIteratedTo()) / NANOS_PER_MICRO);
      ways.add(result.way().title());
      areas.add(one.areas());
      kibibytes.add(one.bytes() / KIB);
    }
  }

  /** The plot in the library's own terms, those of ggplot2. */
  private Map<String, Object> specification(String title) {
    int width = Math.max(LEAST_WIDTH, BESIDE + PANEL * Set.copyOf(areas).size());
    int height = BESIDE + PANEL * Set.copyOf(kibibytes).size();
    return Map.ofEntries(
        entry("kind", "plot"),
        entry("data", data()),
        entry("mapping", Map.of("x", "rank", "y", "time", "color", "way")),
        entry("layers", List.of(geometry("line", 1), geometry("point", 1.5))),
        entry("facet", grid()),
        entry("scales", List.of(percentiles(), times())),
        entry("theme", Map.of("legend_position", "bottom", "legend_title", "blank")),
        entry("ggtitle", Map.of("text", title)),
        entry("ggsize", Map.of("width", width, "height", height)));
  }

  private Map<String, List<?>> data() {
    return Map.of("rank", ranks, "time", micros, "way", ways, "areas", areas, "size", kibibytes);
  }

  private static Map<String, Object> geometry(String name, double size) {
    return Map.of("geom", name, "size", size);
  }

  private static Map<String, Object> grid() {
    return Map.ofEntries(
        entry("name", "grid"),
        entry("x", "areas"),
        entry("x_format", "{,d} areas"),
        entry("y", "size"),
        entry("y_format", "{,d} KiB each"));
  }

  private static Map<String, Object> percentiles() {
    return Map.ofEntries(
        entry("aesthetic", "x"),
        entry("name", "percentile"),
        entry("trans", "log10"),
        entry("breaks", BREAKS),
        entry("labels", PERCENTILES));
  }

  private static Map<String, Object> times() {
    return Map.of("aesthetic", "y", "name", "microseconds a switch", "trans", "log10");
  }
}
