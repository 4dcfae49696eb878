// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.benchmarks.rows;

import java.util.List;

/**
 * A row of the table.
 *
 * @param figure what was measured
 * @param command which measures it
 * @param when which run measured it
 */
record Row(Figure figure, String command, When when) {

  /** The first line of the table. */
  static final String HEAD = "row\tfigure\tunit\tcommand\tmachine\tdate\trevision";

  /**
   * One run.
   *
   * @param machine its processors
   * @param date as 2026-11-30
   * @param revision of the project, with a "+" where something was changed since
   */
  record When(String machine, String date, String revision) {}

  String name() {
    return figure.row();
  }

  /** Of a line of the table. */
  static Row parse(String line) {
    List<String> columns = List.of(line.split("\t", -1));
    if (columns.size() != 7) {
      throw new IllegalArgumentException("no row of seven columns: " + line);
    }
    return new Row(
        Figure.of(columns.get(0), columns.get(1), columns.get(2)),
        columns.get(3),
        new When(columns.get(4), columns.get(5), columns.get(6)));
  }

  /** The line of the table. */
  String line() {
    return String.join(
        "\t",
        name(),
        figure.text(),
        figure.unitText(),
        command,
        when.machine(),
        when.date(),
        when.revision());
  }
}
