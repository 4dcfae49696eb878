// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.output;

import io.iommufd4j.cli.vmm.WrittenPages;
import io.iommufd4j.cli.vmm.WrittenRegion;
import io.iommufd4j.uapi.IovaRange;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Help.Ansi;

/** Text of what a device wrote: a heat map of each region, and the IOVAs. */
final class DirtyText {

  /** The most IOVAs that are listed of one region; JSON has all. */
  private static final int LISTED = 16;

  private static final long KIB = 1 << 10;

  private DirtyText() {}

  static List<String> lines(Document.Watched watched, Ansi ansi) {
    WrittenPages written = watched.outcome().written();
    var lines = new ArrayList<String>();
    watched.outcome().replaced().checks().forEach(check -> lines.add(VmmText.check(check, ansi)));
    lines.add(
        watched.plan().address()
            + " wrote "
            + count(written.writtenPages(), "page")
            + " of "
            + size(written.bytes())
            + " in "
            + Formats.time(written.time().toNanos())
            + "; "
            + count(written.looks(), "look"));
    if (written.writtenPages() > 0) {
      lines.add("in a map: . nothing, 1-9 from few to all pages at all looks");
    }
    written.regions().forEach(region -> region(region, written.looks(), lines));
    watched
        .unwatchedBytes()
        .filter(bytes -> bytes > 0)
        .ifPresent(bytes ->
            lines.add(
                size(bytes)
                    + " more are pinned by the process and were not watched: name their IOVAs by"
                    + " --iova"));
    return lines;
  }

  private static void region(WrittenRegion region, int looks, List<String> lines) {
    lines.add(
        "  "
            + region.range()
            + ", "
            + size(region.bytes())
            + ": "
            + (region.writtenPages() == 0 ? "nothing" : count(region.writtenPages(), "page")));
    if (region.writtenPages() == 0) {
      return;
    }
    var map = new StringBuilder("    [");
    for (int cell = 0; cell < region.heat().size(); cell++) {
      map.append(heat(region.heat().get(cell), region.pagesOf(cell) * looks));
    }
    lines.add(map + "] " + size(region.cellBytes()) + " a character");
    List<IovaRange> written = region.written();
    written.stream().limit(LISTED).forEach(range -> lines.add("    " + range));
    if (written.size() > LISTED) {
      lines.add("    and " + (written.size() - LISTED) + " more ranges; -o json has all");
    }
  }

  private static char heat(long writes, long most) {
    return writes == 0 ? '.' : (char) ('0' + Math.clamp(Math.ceilDiv(9 * writes, most), 1, 9));
  }

  private static String count(long number, String word) {
    return number + " " + word + (number == 1 ? "" : "s");
  }

  private static String size(long bytes) {
    if (bytes % (KIB * KIB) == 0) {
      return bytes / (KIB * KIB) + " MiB";
    }
    return bytes / KIB + " KiB";
  }
}
