// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.output;

import java.util.ArrayList;
import java.util.List;

/** Rows in columns, each as wide as its widest cell. */
final class Table {

  private static final String GAP = "  ";

  private final List<List<String>> rows = new ArrayList<>();

  Table row(String... cells) {
    rows.add(List.of(cells));
    return this;
  }

  /** The rows as lines; all have as many cells as the first. */
  List<String> lines() {
    int[] widths = widths();
    return rows.stream().map(row -> line(row, widths)).toList();
  }

  private static String line(List<String> row, int[] widths) {
    var line = new StringBuilder();
    for (int column = 0; column < row.size(); column++) {
      String cell = row.get(column);
      line.append(cell);
      if (column < row.size() - 1) {
        line.append(" ".repeat(widths[column] - cell.length())).append(GAP);
      }
    }
    return line.toString().stripTrailing();
  }

  private int[] widths() {
    var widths = new int[rows.isEmpty() ? 0 : rows.getFirst().size()];
    for (List<String> row : rows) {
      for (int column = 0; column < widths.length; column++) {
        widths[column] = Math.max(widths[column], row.get(column).length());
      }
    }
    return widths;
  }
}
