// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.benchmarks.rows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Rows of the table, each of another name.
 *
 * @param rows in the order of the table
 */
record Rows(List<Row> rows) {

  Rows {
    rows = List.copyOf(rows);
    if (rows.stream().map(Row::name).distinct().count() < rows.size()) {
      throw new IllegalArgumentException("two rows of one name");
    }
  }

  /** The table in a file; empty where there is no file. */
  static Rows read(Path file) throws IOException {
    if (Files.notExists(file)) {
      return new Rows(List.of());
    }
    List<String> lines = Files.readAllLines(file);
    if (lines.isEmpty() || !lines.getFirst().equals(Row.HEAD)) {
      throw new IOException(file + " does not begin with the names of the columns");
    }
    return new Rows(lines.stream().skip(1).map(Row::parse).toList());
  }

  void write(Path file) throws IOException {
    Files.write(file, Stream.concat(Stream.of(Row.HEAD), rows.stream().map(Row::line)).toList());
  }

  Optional<Row> named(String name) {
    return rows.stream().filter(row -> row.name().equals(name)).findFirst();
  }

  /** True when one row or more is of a command. */
  boolean have(String command) {
    return rows.stream().anyMatch(row -> row.command().equals(command));
  }

  /**
   * The table with fresh rows: all rows of the commands that measured them are replaced, those of
   * other commands stay.
   */
  Rows with(Rows fresh) {
    var all = new ArrayList<Row>();
    for (Row row : rows) {
      fresh
          .named(row.name())
          .or(() -> fresh.have(row.command()) ? Optional.empty() : Optional.of(row))
          .ifPresent(all::add);
    }
    fresh.rows.stream().filter(row -> named(row.name()).isEmpty()).forEach(all::add);
    return new Rows(all);
  }
}
