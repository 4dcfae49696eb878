// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import io.iommufd4j.bindings.libc.libc_h;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** Files that a process has mapped, as {@code /proc/PID/maps} shows them. */
final class MappedFiles {

  private static final int PROT_EXEC = 4;

  /** The column at which names begin in a line. */
  private static final int NAME_COLUMN = 73;

  /**
   * One mapping.
   *
   * @param end exclusive
   * @param offset in its file, in bytes
   * @param name the file's; empty for one that is not shown
   */
  record Area(long start, long end, int protection, boolean shared, long offset, String name) {

    Area within(long from, long to) {
      return new Area(from, to, protection, shared, offset + (from - start), name);
    }

    private String permissions() {
      return ((protection & libc_h.PROT_READ()) != 0 ? "r" : "-")
          + ((protection & libc_h.PROT_WRITE()) != 0 ? "w" : "-")
          + ((protection & PROT_EXEC) != 0 ? "x" : "-")
          + (shared ? "s" : "p");
    }

    /** As the directory {@code map_files} names it. */
    String range() {
      return "%x-%x".formatted(start, end);
    }

    private String line() {
      // Nodes are in devtmpfs; what has no path is in the file system of such inodes.
      String head =
          "%08x-%08x %s %08x %s %d "
              .formatted(
                  start, end, permissions(), offset, name.startsWith("/") ? "00:06" : "00:0e", 1);
      return head + " ".repeat(Math.max(0, NAME_COLUMN - head.length())) + name + "\n";
    }
  }

  private final TreeMap<Long, Area> areas = new TreeMap<>();

  void add(Area area) {
    remove(area.start(), area.end());
    areas.put(area.start(), area);
  }

  /** Nothing is mapped between two addresses any more; returns whether a shown file was. */
  boolean remove(long from, long to) {
    boolean shown = false;
    for (Area area : List.copyOf(areas.values())) {
      if (area.end() <= from || area.start() >= to) {
        continue;
      }
      shown |= !area.name().isEmpty();
      areas.remove(area.start());
      if (area.start() < from) {
        areas.put(area.start(), area.within(area.start(), from));
      }
      if (area.end() > to) {
        areas.put(to, area.within(to, area.end()));
      }
    }
    return shown;
  }

  /** Gives files other names; returns whether any has another now. */
  boolean rename(UnaryOperator<String> names) {
    boolean changed = false;
    for (Area area : all()) {
      String name = names.apply(area.name());
      if (!name.equals(area.name())) {
        changed = true;
        areas.put(
            area.start(),
            new Area(
                area.start(), area.end(), area.protection(), area.shared(), area.offset(), name));
      }
    }
    return changed;
  }

  /** All of them, by rising address. */
  List<Area> all() {
    return new ArrayList<>(areas.values());
  }

  /** Those of files that are shown. */
  List<Area> shown() {
    return areas.values().stream().filter(area -> !area.name().isEmpty()).toList();
  }

  /** The file {@code maps}. */
  String text() {
    var text = new StringBuilder();
    shown().forEach(area -> text.append(area.line()));
    return text.toString();
  }
}
