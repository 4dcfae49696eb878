// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.machine;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** The attribute {@code resource} of a function, as BARs of a machine file. */
final class CapturedBars {

  private static final int BARS = 6;

  /** {@code PCI_IOV_RESOURCES}. */
  private static final int VIRTUAL = 7;

  private static final int PORTS = 0x100;
  private static final int MEMORY = 0x200;
  private static final int PREFETCHABLE = 0x2000;
  private static final int WIDE = 0x10_0000;
  private static final int UNSET = 0x2000_0000;
  private static final long LIMIT = 1L << 48;
  private static final Pattern SPACE = Pattern.compile("\\s+");

  private final List<long[]> resources = new ArrayList<>();

  CapturedBars(String resource) {
    resource
        .lines()
        .forEach(line -> {
          long[] fields =
              SPACE
                  .splitAsStream(line.strip())
                  .mapToLong(word -> Long.parseUnsignedLong(word.replaceFirst("^0x", ""), 16))
                  .toArray();
          resources.add(fields.length == 3 ? fields : new long[3]);
        });
  }

  /** Those of the function. */
  List<String> own() {
    return bars(0, 1);
  }

  /** Those of the first of its virtual functions. */
  List<String> virtual(int total) {
    return bars(VIRTUAL, total);
  }

  /** The address of the first BAR; 0 for none. */
  long firstBase() {
    return resources.isEmpty() ? 0 : resources.getFirst()[0];
  }

  private List<String> bars(int from, int parts) {
    var bars = new ArrayList<String>();
    for (int i = from; i < Math.min(resources.size(), from + BARS); i++) {
      long[] resource = resources.get(i);
      long flags = resource[2];
      long size = (resource[1] - resource[0] + 1) / parts;
      long base = (flags & UNSET) != 0 ? 0 : resource[0];
      boolean described =
          (flags & (PORTS | MEMORY)) != 0
              && Long.bitCount(size) == 1
              && size >= ((flags & PORTS) != 0 ? 4 : 16)
              && base % size == 0
              && base >= 0
              && base < LIMIT;
      if (described) {
        bars.add(
            "{bar: %d, size: %s, base: 0x%x, type: %s}"
                .formatted(i - from, size(size), base, type(flags)));
      }
    }
    return bars;
  }

  private static String size(long bytes) {
    return bytes % (1 << 20) == 0 ? (bytes >> 20) + "M" : Long.toString(bytes);
  }

  private static String type(long flags) {
    if ((flags & PORTS) != 0) {
      return "ports";
    }
    String kind = (flags & PREFETCHABLE) != 0 ? "prefetchable" : "memory";
    return (flags & WIDE) != 0 ? kind + "64" : kind;
  }
}
