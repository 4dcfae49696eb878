// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.switching;

import java.util.regex.Pattern;

/** Sizes of areas as people write them: {@code 4K}, {@code 2M}, {@code 1G}. */
public final class AreaSize {

  private static final Pattern FORM = Pattern.compile("(?<number>[1-9]\\d{0,9})(?<unit>[KMG]?)");
  private static final String UNITS = "KMG";
  private static final int STEP = 10;

  private AreaSize() {}

  /**
   * {@return the bytes, which are a power of two}
   *
   * @throws IllegalArgumentException when it is none
   */
  public static long parse(String text) {
    var parts = FORM.matcher(text);
    if (parts.matches()) {
      long number = Long.parseLong(parts.group("number"));
      String unit = parts.group("unit");
      long bytes = number << (STEP * (unit.isEmpty() ? 0 : UNITS.indexOf(unit) + 1));
      if (Long.bitCount(bytes) == 1) {
        return bytes;
      }
    }
    throw new IllegalArgumentException("wants a power of two, as 4K or 2M, not '" + text + "'");
  }

  /** {@return the size with the largest unit that it is a multiple of} */
  public static String text(long bytes) {
    int unit = Math.min(Long.numberOfTrailingZeros(bytes) / STEP, UNITS.length());
    return (bytes >> (STEP * unit)) + (unit == 0 ? "" : UNITS.substring(unit - 1, unit));
  }
}
