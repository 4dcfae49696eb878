// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.benchmarks.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The report of runs that are made up. */
class ReportTest {

  @TempDir private static Path directory;
  private static List<String> report;

  /** In JSON as {@code iommufdctl bench} has it. */
  private static String histogram(long... nanos) {
    var histogram = new Histogram(3);
    Arrays.stream(nanos).forEach(histogram::recordValue);
    var buffer = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
    int bytes = histogram.encodeIntoCompressedByteBuffer(buffer);
    return Base64.getEncoder().encodeToString(Arrays.copyOf(buffer.array(), bytes));
  }

  private static String way(String name, long... nanos) {
    return """
    {"way": "%s", "histogram": "%s",
     "back_to_back": {"lost": 3, "wrong": 1, "arrived": 6},
     "single": {"longest_gap_ns": 250000000}}\
    """
        .formatted(name, histogram(nanos));
  }

  @BeforeAll
  static void make() throws IOException {
    Path runs = Files.createDirectory(directory.resolve("runs"));
    String document =
        """
        {
          "kernel": {"release": "7.3.4"},
          "cases": [
            {"areas": 10000, "area_bytes": 4096, "quiet": {"longest_gap_ns": 100000000},
             "ways": [%s, %s]},
            {"areas": 1000, "area_bytes": 2097152, "ways": [],
             "limit": {"message": "no memory is left"}}]
        }
        """
            .formatted(way("unmap-map", 2_000_000, 4_000_000, 6_000_000), way("replace", 12_000));
    Files.writeString(
        runs.resolve("vtd.txt"),
        document
            + """
            C 10000 4096 unmap-map 5 2000000 2100000 2200000 7 10 1 10000000
            RUN 2026-11-30 06:00, load of the machine before it 0.10
            """);
    Files.writeString(runs.resolve("simulated.txt"), document);
    Report.main(new String[] {runs.toString(), directory.resolve("to").toString(), "On 2 cores."});
    report = Files.readAllLines(directory.resolve("to/switching.md"));
  }

  private static String row(int of, String way) {
    return report.stream().filter(line -> line.contains("| " + way + " |")).toList().get(of);
  }

  @Test
  void aRowHasTheCommandsFiguresAndItsTwins() {
    assertEquals(
        "| 10,000 of 4 KiB | unmap-map | 3 | 4.0 ms | 6.0 ms | 6.0 ms | 2.0 ms | 2.00"
            + " | 3 of 10, wrong 1 | 7 of 10, wrong 1 | 250.0 ms | 10.0 ms |",
        row(0, "unmap-map"));
  }

  @Test
  void whereTheTwinDidNotMeasureThereIsADash() {
    assertEquals(
        "| 10,000 of 4 KiB | replace | 1 | 12.0 µs | 12.0 µs | 12.0 µs | – | –"
            + " | 3 of 10, wrong 1 | – | 250.0 ms | – |",
        row(0, "replace"));
  }

  @Test
  void withoutATwinItHasNoColumns() {
    assertEquals(
        "| 10,000 of 4 KiB | replace | 1 | 12.0 µs | 12.0 µs | 12.0 µs | 3 of 10, wrong 1"
            + " | 250.0 ms |",
        row(1, "replace"));
  }

  @Test
  void aRunSaysItsKernelItsBeginAndItsLimits() {
    assertTrue(report.contains("## VT-d, Linux 7.3.4"), report::toString);
    assertTrue(
        report.contains("Begun 2026-11-30 06:00, load of the machine before it 0.10."),
        report::toString);
    assertTrue(report.contains("Begun at an unknown time."), report::toString);
    assertTrue(report.contains("- 1,000 areas of 2 MiB: no memory is left"), report::toString);
    assertTrue(report.contains("Without a switch the longest gap was 100.0 ms."), report::toString);
  }

  @Test
  void percentilesAreKeptOfEachWay() throws IOException {
    String kept = Files.readString(directory.resolve("to/switching-vtd-unmap-map.hgrm"));
    assertTrue(kept.contains("Total count    =            3"), kept);
    assertTrue(Files.exists(directory.resolve("to/switching-simulated-replace.hgrm")));
  }

  @Test
  void thePlotIsAnSvgOfEachRun() throws IOException {
    for (String name : List.of("vtd", "simulated")) {
      String svg = Files.readString(directory.resolve("to/switching-" + name + ".svg"));
      assertTrue(svg.contains("<svg height=\"440\""), name);
      assertTrue(svg.stripTrailing().endsWith("</svg\n>"), name);
    }
  }
}
