// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.output;

import io.iommufd4j.pci.IommuInstance;
import java.util.Locale;

/** The spelling of values, in text, in JSON and on the command line. */
public final class Formats {

  private Formats() {}

  /** A constant's name with dashes, as {@code not-tried}. */
  public static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** A number in so many hexadecimal digits, without prefix, as lspci prints ids. */
  static String hex(int value, int digits) {
    return String.format("%0" + digits + "x", value);
  }

  /** An IOVA, unsigned. */
  static String iova(long iova) {
    return "0x" + Long.toHexString(iova);
  }

  /** Microseconds, or milliseconds from ten of them on. */
  static String time(long nanos) {
    return nanos < 10_000_000
        ? tenths((nanos + 50) / 100, "us")
        : tenths((nanos + 50_000) / 100_000, "ms");
  }

  /** {@link String#format} takes milliseconds to find out how numbers are written here. */
  private static String tenths(long number, String unit) {
    return number / 10 + "." + number % 10 + " " + unit;
  }

  /** The effect of a replace on DMA, by the IOMMU's driver. */
  static String replaceBehavior(IommuInstance.Replace replace) {
    return switch (replace) {
      case WINDOW ->
          "window: the driver takes the old translation away before the new one is there; DMA in between is dropped";
      case BLOCKS_ON_FAILURE ->
          "window: the driver blocks DMA, then checks; when it refuses, the device stays blocked";
      case UNKNOWN -> "unknown: nothing is known of this driver; DMA may be dropped for a moment";
    };
  }
}
