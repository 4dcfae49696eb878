// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.mm;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The process' memory areas by {@code /proc/self/maps}. They are kept from one call to the next,
 * and the file is read again before any answer is false: a true may be out of date, a false never
 * is.
 */
final class ProcessMaps {

  /** The kind of access to memory. */
  enum Use {
    READ,
    WRITE
  }

  /** A mapping: from the key it stands under to an exclusive end. */
  private record Area(long end, boolean readable, boolean writable) {

    boolean allows(Use use) {
      return use == Use.READ ? readable : writable;
    }
  }

  private final Path file;
  private volatile NavigableMap<Long, Area> areas = new TreeMap<>();

  ProcessMaps(Path file) {
    this.file = file;
  }

  /** True if every byte of a range was mapped for a use when the file was last read. */
  boolean allow(long address, long bytes, Use use) {
    return covered(areas, address, bytes, use)
        || (refresh() && covered(areas, address, bytes, use));
  }

  /** As {@link #allow}, by what the file says now. */
  boolean allowNow(long address, long bytes, Use use) {
    return refresh() && covered(areas, address, bytes, use);
  }

  private static boolean covered(
      NavigableMap<Long, Area> areas, long address, long bytes, Use use) {
    long end = address + bytes;
    if (address < 0 || end < address) {
      return false;
    }
    for (long at = address; at < end; ) {
      Map.@Nullable Entry<Long, Area> area = areas.floorEntry(at);
      if (area == null || area.getValue().end() <= at || !area.getValue().allows(use)) {
        return false;
      }
      at = area.getValue().end();
    }
    return true;
  }

  private boolean refresh() {
    var now = new TreeMap<Long, Area>();
    try {
      var text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
      text.lines().forEach(line -> parse(line, now));
    } catch (IOException e) {
      return false;
    }
    areas = now;
    return true;
  }

  private static void parse(String line, NavigableMap<Long, Area> into) {
    int dash = line.indexOf('-');
    int space = line.indexOf(' ', dash);
    if (dash < 0 || space < 0 || line.length() < space + 3) {
      return;
    }
    long start = Long.parseUnsignedLong(line, 0, dash, 16);
    long end = Long.parseUnsignedLong(line, dash + 1, space, 16);
    into.put(start, new Area(end, line.charAt(space + 1) == 'r', line.charAt(space + 2) == 'w'));
  }
}
