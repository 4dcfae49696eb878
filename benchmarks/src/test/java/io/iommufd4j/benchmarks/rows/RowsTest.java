// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.benchmarks.rows;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The table of {@code benchmarks/rows}, and the rows that its check fails on. */
class RowsTest {

  @TempDir private Path directory;
  private Path table;
  private Path fresh;

  @BeforeEach
  void files() {
    table = directory.resolve("rows.tsv");
    fresh = directory.resolve("fresh");
  }

  private static String row(String name, String figure, String unit, String command, String of) {
    return String.join("\t", name, figure, unit, command, of, "2026-11-30", "abc1234");
  }

  private static String ratio(String name, String figure) {
    return row(name, figure, "ratio", "one", "2 x A");
  }

  private static void write(Path file, String... rows) throws IOException {
    Files.writeString(file, Row.HEAD + "\n" + String.join("\n", rows) + "\n");
  }

  private record Outcome(int status, List<String> lines) {
    String last() {
      return lines.getLast();
    }
  }

  private Outcome run(String verb) throws IOException {
    var bytes = new ByteArrayOutputStream();
    int status =
        Main.run(
            List.of(verb, table.toString(), fresh.toString()),
            new PrintStream(bytes, true, StandardCharsets.UTF_8));
    return new Outcome(status, bytes.toString(StandardCharsets.UTF_8).lines().toList());
  }

  @Test
  void aRatioMayGetWorseByThirtyPercent() throws IOException {
    write(table, ratio("replace", "0.4"), ratio("option", "1"));
    write(fresh, ratio("replace", "0.52"), ratio("option", "0.3"));
    assertEquals(0, run("check").status());
  }

  @Test
  void everyRowThatIsWorseThanThatIsNamed() throws IOException {
    write(table, ratio("replace", "0.4"), ratio("option", "1"), ratio("map", "1"));
    write(fresh, ratio("replace", "0.53"), ratio("option", "1"), ratio("map", "2"));
    Outcome outcome = run("check");
    assertEquals(1, outcome.status());
    assertEquals(
        List.of(
            "replace: over 1.3 times what is committed", "map: over 1.3 times what is committed"),
        outcome.lines().subList(outcome.lines().size() - 2, outcome.lines().size()));
  }

  @Test
  void aCheckChangesNothing() throws IOException {
    write(table, ratio("replace", "0.4"));
    write(fresh, ratio("replace", "0.3"));
    List<String> before = Files.readAllLines(table);
    assertEquals(0, run("check").status());
    assertEquals(before, Files.readAllLines(table));
  }

  @Test
  void timesOfOtherProcessorsAreNotCompared() throws IOException {
    write(table, row("fill", "100", "ns", "one", "2 x A"));
    write(fresh, row("fill", "900", "ns", "one", "2 x B"));
    Outcome outcome = run("check");
    assertEquals(0, outcome.status());
    assertEquals(true, outcome.last().endsWith("other machine"), outcome.last());
  }

  @Test
  void timesOfTheSameProcessorsAre() throws IOException {
    write(table, row("fill", "100", "ns", "one", "2 x A"));
    write(fresh, row("fill", "131", "ns", "one", "2 x A"));
    assertEquals(1, run("check").status());
  }

  @Test
  void ratiosOfOtherProcessorsAre() throws IOException {
    write(table, row("replace", "0.4", "ratio", "one", "2 x A"));
    write(fresh, row("replace", "0.6", "ratio", "one", "2 x B"));
    assertEquals(1, run("check").status());
  }

  @Test
  void ofAGainMoreIsBetter() throws IOException {
    write(table, row("threads", "1.8", "gain", "one", "2 x A"));
    write(fresh, row("threads", "2.5", "gain", "one", "2 x A"));
    assertEquals(0, run("check").status());
    write(fresh, row("threads", "1.3", "gain", "one", "2 x A"));
    assertEquals(1, run("check").status());
  }

  @Test
  void aRowThatItsCommandMeasuresNoMoreFails() throws IOException {
    write(table, ratio("replace", "0.4"), ratio("option", "1"));
    write(fresh, ratio("option", "1"));
    Outcome outcome = run("check");
    assertEquals(1, outcome.status());
    assertEquals("replace: measured no more", outcome.last());
  }

  @Test
  void rowsOfCommandsThatDidNotRunAreLeftAlone() throws IOException {
    write(table, ratio("replace", "0.4"), row("list", "9", "ratio", "two", "2 x A"));
    write(fresh, ratio("replace", "0.4"));
    Outcome outcome = run("check");
    assertEquals(0, outcome.status());
    assertEquals(2, outcome.lines().size());
  }

  @Test
  void aRowThatIsNotCommittedPasses() throws IOException {
    write(fresh, ratio("replace", "0.4"));
    Outcome outcome = run("check");
    assertEquals(0, outcome.status());
    assertEquals(true, outcome.last().endsWith("new"), outcome.last());
  }

  @Test
  void freshRowsAreKeptInTheirPlaces() throws IOException {
    write(
        table,
        ratio("replace", "0.4"),
        row("list", "9", "ratio", "two", "2 x A"),
        ratio("old", "1"));
    write(fresh, ratio("new", "2"), row("replace", "0.5", "ratio", "one", "4 x B"));
    assertEquals(0, run("keep").status());
    assertEquals(
        List.of(
            Row.HEAD,
            row("replace", "0.5", "ratio", "one", "4 x B"),
            row("list", "9", "ratio", "two", "2 x A"),
            ratio("new", "2")),
        Files.readAllLines(table));
  }

  @Test
  void figuresHaveThreeDigits() {
    assertEquals("0.389", Figure.of("replace", "0.38912", "ratio").text());
    assertEquals("1230", Figure.of("list", "1234", "ms").text());
    assertEquals("2", new Figure("option", 2, Figure.Unit.RATIO).text());
  }

  @Test
  void whatIsNoFigureIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> Figure.of("replace", "NaN", "ratio"));
    assertThrows(IllegalArgumentException.class, () -> Figure.of("replace", "0", "ratio"));
    assertThrows(IllegalArgumentException.class, () -> Figure.of("replace", "1", "miles"));
  }

  @Test
  void whatIsNoTableIsRefused() throws IOException {
    write(fresh, ratio("replace", "0.4"));
    write(table, "replace\t0.4");
    assertThrows(IllegalArgumentException.class, () -> run("check"));
    write(table, ratio("replace", "0.4"), ratio("replace", "0.5"));
    assertThrows(IllegalArgumentException.class, () -> run("check"));
    Files.writeString(table, "");
    assertThrows(IOException.class, () -> run("check"));
  }

  @Test
  void otherVerbsAreRefused() throws IOException {
    assertEquals(2, run("measure").status());
  }
}
