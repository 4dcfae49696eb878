// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.benchmarks.report;

import java.awt.Dimension;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.apache.batik.svggen.SVGGraphics2D;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler.ChartTheme;
import org.knowm.xchart.style.Styler.LegendPosition;

/** Draws the times of a run as SVG: median over the number of areas, both on logarithmic axes. */
final class Plot {

  private static final int WIDTH = 720;
  private static final int HEIGHT = 440;
  private static final double NANOS_PER_MILLI = 1e6;

  private Plot() {}

  /** Writes the plot of a run. */
  static void write(Path file, Run run) throws IOException {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .theme(ChartTheme.GGPlot2)
            .title(run.title() + ", Linux " + run.kernel() + ": time of a switch")
            .xAxisTitle("mapped areas")
            .yAxisTitle("milliseconds, median")
            .build();
    chart.getStyler().setXAxisLogarithmic(true);
    chart.getStyler().setYAxisLogarithmic(true);
    chart.getStyler().setXAxisDecimalPattern("#,##0");
    chart.getStyler().setYAxisDecimalPattern("#,##0.###");
    chart.getStyler().setLegendPosition(LegendPosition.OutsideE);
    series(run)
        .forEach((name, points) -> {
          double[] areas = points.stream().mapToDouble(Measured::areas).toArray();
          double[] millis =
              points.stream().mapToDouble(one -> one.medianNanos() / NANOS_PER_MILLI).toArray();
          chart.addSeries(name, areas, millis);
        });
    draw(file, chart);
  }

  private static Map<String, List<Measured>> series(Run run) {
    var series = new TreeMap<String, List<Measured>>();
    for (Measured one : run.measured()) {
      String name = one.way() + ", " + Report.size(one.bytes());
      series.computeIfAbsent(name, _ -> new ArrayList<>()).add(one);
    }
    return series;
  }

  private static void draw(Path file, XYChart chart) throws IOException {
    // Numbers on the axes are written as they are anywhere.
    chart.getStyler().setLocale(Locale.ROOT);
    try {
      var document =
          DocumentBuilderFactory.newInstance()
              .newDocumentBuilder()
              .getDOMImplementation()
              .createDocument("http://www.w3.org/2000/svg", "svg", null);
      var graphics = new SVGGraphics2D(document);
      chart.paint(graphics, WIDTH, HEIGHT);
      graphics.setSVGCanvasSize(new Dimension(WIDTH, HEIGHT));
      var text = new StringWriter();
      graphics.stream(text, true);
      // Java's own name of its font means nothing to who shows the file.
      Files.writeString(file, text.toString().replace("'Dialog'", "sans-serif"));
    } catch (ParserConfigurationException e) {
      throw new IOException(e);
    }
  }
}
