// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * {@code selftest.tsv}: for each of the kernel's cases what it gave on the lab kernel, our test,
 * and what that gives on the lab kernel and on the simulated one.
 */
final class ResultTable {

  /** Stands where nothing is known yet. */
  static final String UNKNOWN = "-";

  private static final String CASES = "kernel-cases.tsv";
  private static final String RESULTS = "selftest.tsv";
  private static final String HEAD =
      """
      # The kernel's own cases and their counterparts here: what each gave on Linux 7.3.4 in the lab and gives on the simulated
      # kernel. Written by the tests, with -Diommufd4j.selftest.record=FILE, and checked by them.
      # case\tlab kernel\tcounterpart\tcounterpart on lab kernel\tcounterpart on simulator
      """;

  /**
   * A row.
   *
   * @param test class, method and variant, as {@code IoasTest#area[mock_domain]}
   */
  record Row(String test, String lab, String simulator) {

    private static final Row NONE = new Row(UNKNOWN, UNKNOWN, UNKNOWN);

    String on(boolean simulated) {
      return simulated ? simulator : lab;
    }

    private Row with(boolean simulated, String result) {
      return simulated ? new Row(test, lab, result) : new Row(test, result, simulator);
    }
  }

  private final SequencedMap<String, String> cases = new LinkedHashMap<>();
  private final Map<String, Row> rows = new LinkedHashMap<>();

  /** As it is on the class path. */
  ResultTable() {
    read(CASES, 2).forEach(row -> cases.put(row[0], row[1]));
    read(RESULTS, 5).forEach(row -> rows.put(row[0], new Row(row[2], row[3], row[4])));
  }

  /** The result of each case of the kernel's own program on the lab kernel, in its order. */
  SequencedMap<String, String> cases() {
    return cases;
  }

  /** All rows, by case. */
  Map<String, Row> rows() {
    return rows;
  }

  Optional<Row> row(String kernelCase) {
    return Optional.ofNullable(rows.get(kernelCase));
  }

  /** Notes our test of a case. */
  void test(String kernelCase, String test) {
    Row old = rows.getOrDefault(kernelCase, Row.NONE);
    rows.put(kernelCase, new Row(test, old.lab(), old.simulator()));
  }

  /** Notes a result. */
  void result(String kernelCase, boolean simulated, String result) {
    rows.put(kernelCase, rows.getOrDefault(kernelCase, Row.NONE).with(simulated, result));
  }

  /** The whole of it as it is written down. */
  String text() {
    var text = new StringBuilder(HEAD);
    cases.forEach((name, result) -> {
      Row row = rows.getOrDefault(name, Row.NONE);
      text.append(String.join("\t", name, result, row.test(), row.lab(), row.simulator()))
          .append('\n');
    });
    return text.toString();
  }

  private static List<String[]> read(String file, int columns) {
    try (var stream = ResultTable.class.getResourceAsStream(file)) {
      if (stream == null) {
        throw new IllegalStateException(file + " is not on the class path");
      }
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .map(line -> columns(file, line, columns))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String[] columns(String file, String line, int count) {
    String[] columns = line.split("\t", -1);
    if (columns.length != count) {
      throw new IllegalStateException(file + " wants " + count + " columns: " + line);
    }
    return columns;
  }
}
