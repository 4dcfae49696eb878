// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.benchmarks.rows;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Locale;

/**
 * A figure that a benchmark measured.
 *
 * @param row what of, for people and unlike all others
 * @param value more than 0
 * @param unit of the value
 */
public record Figure(String row, double value, Unit unit) {

  /** The unit of a figure. */
  public enum Unit {
    /** One cost beside another one of the same run. */
    RATIO(false, false),
    /** Of heap. */
    BYTES(false, false),
    /** Times as much that is done: more is better, and more processors make more of it. */
    GAIN(true, true),
    /** Nanoseconds. */
    NS(false, true),
    /** Milliseconds. */
    MS(false, true);

    private final boolean moreIsBetter;
    private final boolean ofTheMachine;

    Unit(boolean moreIsBetter, boolean ofTheMachine) {
      this.moreIsBetter = moreIsBetter;
      this.ofTheMachine = ofTheMachine;
    }

    /** True when only figures of one machine compare. */
    boolean ofTheMachine() {
      return ofTheMachine;
    }
  }

  /** With three digits. */
  public Figure {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(row + ": " + value);
    }
    value = new BigDecimal(value).round(new MathContext(3)).doubleValue();
  }

  /** Of columns of the table. */
  static Figure of(String row, String value, String unit) {
    return new Figure(row, Double.parseDouble(value), Unit.valueOf(unit.toUpperCase(Locale.ROOT)));
  }

  /** {@return the times that this is worse than an earlier figure: less than 1 when it is better. */
  double worseThan(Figure before) {
    return unit.moreIsBetter ? before.value / value : value / before.value;
  }

  /** The value as the table has it. */
  String text() {
    return new BigDecimal(Double.toString(value)).stripTrailingZeros().toPlainString();
  }

  /** The unit as the table has it. */
  String unitText() {
    return unit.name().toLowerCase(Locale.ROOT);
  }

  /** Prints the line that {@code benchmarks/rows} collects, where the JVM has {@code -Drows}. */
  public void print() {
    if (System.getProperty("rows") != null) {
      System.out.println(String.join("\t", "ROW", row, text(), unitText()));
    }
  }
}
