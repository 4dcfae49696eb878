// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.output;

import io.iommufd4j.cli.doctor.Finding;
import io.iommufd4j.pci.Holder;
import io.iommufd4j.pci.PciDevice;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Help.Ansi;

/** {@code doctor} as text. What holds of many devices is one line that names the first of them. */
final class DiagnosisText {

  private static final int VERDICT_WIDTH = 9;
  private static final int SHOWN = 3;

  private final Ansi ansi;

  DiagnosisText(Ansi ansi) {
    this.ansi = ansi;
  }

  List<String> lines(List<Finding> findings) {
    int width = findings.stream().mapToInt(finding -> finding.check().length()).max().orElse(0);
    var lines = new ArrayList<String>();
    for (List<Finding> same : grouped(findings)) {
      Finding finding = same.getFirst();
      String check = finding.check() + " ".repeat(width - finding.check().length());
      lines.add(verdict(finding) + "  " + check + "  " + observed(same));
      if (!finding.fix().isEmpty()) {
        lines.add(" ".repeat(VERDICT_WIDTH + width + 4) + "fix: " + finding.fix());
      }
    }
    return lines;
  }

  /** Those that say the same of different devices together, in the order of the first of each. */
  private static List<List<Finding>> grouped(List<Finding> findings) {
    var groups = new ArrayList<List<Finding>>();
    for (Finding finding : findings) {
      groups.stream()
          .filter(group -> group.getFirst().sameAs(finding))
          .findFirst()
          .ifPresentOrElse(
              group -> group.add(finding),
              () -> {
                var group = new ArrayList<Finding>();
                group.add(finding);
                groups.add(group);
              });
    }
    return groups;
  }

  private static String observed(List<Finding> same) {
    if (same.size() == 1) {
      return same.getFirst().observed();
    }
    List<PciDevice> devices = same.stream().flatMap(one -> one.device().stream()).toList();
    String by = processes(same.stream().flatMap(one -> one.holders().stream()).toList());
    return devices.size()
        + " devices, each "
        + same.getFirst().fact()
        + (by.isEmpty() ? "" : ", by " + by)
        + ": "
        + some(devices.stream().map(device -> device.address().toString()).toList());
  }

  /** As {@code 98 processes of qemu-system-x86, process 77 (dpdk)}, those with most first. */
  private static String processes(List<Holder> holders) {
    Map<String, Set<Long>> pids = new TreeMap<>();
    holders.forEach(
        holder -> pids.computeIfAbsent(holder.command(), _ -> new TreeSet<>()).add(holder.pid()));
    Comparator<Map.Entry<String, Set<Long>>> most =
        Comparator.comparingInt(entry -> -entry.getValue().size());
    return some(
        pids.entrySet().stream()
            .sorted(most)
            .map(entry -> processes(entry.getKey(), entry.getValue()))
            .toList());
  }

  private static String processes(String command, Set<Long> pids) {
    return pids.size() == 1
        ? "process " + pids.iterator().next() + (command.isEmpty() ? "" : " (" + command + ")")
        : pids.size() + " processes" + (command.isEmpty() ? "" : " of " + command);
  }

  private static String some(List<String> names) {
    int left = names.size() - SHOWN;
    Stream<String> shown = names.stream().limit(SHOWN);
    return shown.collect(Collectors.joining(", ")) + (left > 0 ? " and " + left + " more" : "");
  }

  private String verdict(Finding finding) {
    String word = Formats.name(finding.verdict());
    String padded = word + " ".repeat(VERDICT_WIDTH - word.length());
    return switch (finding.verdict()) {
      case OK, IN_USE -> Emphasis.GOOD.paint(ansi, padded);
      case LIMITED, NOT_TRIED -> Emphasis.DOUBTFUL.paint(ansi, padded);
      case MISSING -> Emphasis.BAD.paint(ansi, padded);
    };
  }
}
