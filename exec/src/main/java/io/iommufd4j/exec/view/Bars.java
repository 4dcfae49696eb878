// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.view;

import java.nio.charset.StandardCharsets;

/** A function's attribute {@code resource}: a line for each BAR with its first and last address. */
final class Bars {

  private Bars() {}

  /** The size of a BAR; 0 for none. */
  static long bytes(byte[] table, int index) {
    String line =
        new String(table, StandardCharsets.US_ASCII).lines().skip(index).findFirst().orElse("");
    String[] fields = line.split(" ", -1);
    if (fields.length < 2) {
      return 0;
    }
    long first = Long.parseUnsignedLong(fields[0].substring(2), 16);
    long last = Long.parseUnsignedLong(fields[1].substring(2), 16);
    return last == 0 ? 0 : last - first + 1;
  }
}
