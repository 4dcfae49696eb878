// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.output;

import io.iommufd4j.cli.replace.Check;
import io.iommufd4j.cli.replace.LatencySummary;
import io.iommufd4j.cli.vmm.Attachment;
import io.iommufd4j.cli.vmm.ContextView;
import io.iommufd4j.cli.vmm.DeviceView;
import io.iommufd4j.cli.vmm.Inspection;
import io.iommufd4j.cli.vmm.ProcessView;
import io.iommufd4j.cli.vmm.RunningOutcome;
import io.iommufd4j.cli.vmm.RunningPlan;
import io.iommufd4j.process.IommufdContent;
import io.iommufd4j.process.OpenDescriptor;
import io.iommufd4j.process.OpenDescriptor.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine.Help.Ansi;

/** Text of other processes' devices. */
final class VmmText {

  private static final long MIB = 1 << 20;

  private VmmText() {}

  /** A tree: processes, their iommufds with objects, their devices with page tables. */
  static List<String> inspection(Inspection inspection) {
    var lines = new ArrayList<String>();
    if (inspection.processes().isEmpty()) {
      lines.add("no process has an iommufd or a VFIO device open");
    }
    inspection.processes().forEach(process -> process(process, lines));
    if (inspection.hidden() > 0) {
      String processes = inspection.hidden() == 1 ? " process" : " processes";
      lines.add(inspection.hidden() + processes + " may not be looked into");
    }
    return lines;
  }

  private static void process(ProcessView view, List<String> lines) {
    var pinned = view.process().pinnedBytes();
    lines.add(
        view.process().describe()
            + (pinned.isPresent() ? ", " + mib(pinned.getAsLong()) + " pinned" : ""));
    if (!view.obstacle().isEmpty()) {
      lines.add("  not looked into: " + view.obstacle());
    }
    view.contexts().forEach(context -> context(context, lines));
    view.devices().forEach(device -> lines.add(device(device)));
    view.process().descriptors().stream()
        .filter(descriptor -> descriptor.kind() != Kind.DEVICE)
        .filter(descriptor -> descriptor.kind() != Kind.IOMMUFD || view.contexts().isEmpty())
        .forEach(descriptor -> lines.add(other(descriptor)));
  }

  private static void context(ContextView context, List<String> lines) {
    IommufdContent content = context.content();
    lines.add(
        "  fd "
            + context.fd()
            + ": iommufd, "
            + content.size()
            + " objects, limits pinned memory by "
            + (content.rlimitPerProcess() ? "process" : "user"));
    content
        .ioases()
        .forEach(ioas ->
            lines.add(
                "    "
                    + ioas.id()
                    + ": "
                    + ioas.ranges().ranges().stream()
                        .map(Object::toString)
                        .collect(Collectors.joining(" "))
                    + (ioas.hugePages() ? "" : ", no huge pages")));
    content
        .hwpts()
        .forEach(hwpt ->
            lines.add(
                "    "
                    + hwpt.id()
                    + ": "
                    + (hwpt.dirtyTracking()
                        ? "made for dirty tracking"
                        : "not made for dirty tracking")));
    content.devices().forEach(device -> lines.add("    " + device.id()));
    ids("nested HWPT", content.nested(), lines);
    ids("vIOMMU", content.viommus(), lines);
    ids("object of another kind", content.others(), lines);
  }

  private static void ids(String kind, List<Integer> ids, List<String> lines) {
    ids.forEach(id -> lines.add("    " + kind + " " + id));
  }

  private static String device(DeviceView device) {
    OpenDescriptor descriptor = device.descriptor();
    return "  fd "
        + descriptor.fd()
        + ": "
        + descriptor.device().orElse("a VFIO device")
        + attachment(device.attachment());
  }

  private static String attachment(Attachment attachment) {
    var text = new StringBuilder();
    attachment
        .hwpt()
        .ifPresentOrElse(
            hwpt -> text.append(" -> ").append(hwpt),
            () -> attachment.ioas().ifPresent(_ -> text.append(" -> a HWPT")));
    attachment.ioas().ifPresent(ioas -> text.append(" -> ").append(ioas));
    if (attachment.assumed()) {
      text.append(" (or another device of the iommufd)");
    }
    return attachment.reason().isEmpty() ? text.toString() : text + ", " + attachment.reason();
  }

  private static String other(OpenDescriptor descriptor) {
    return "  fd " + descriptor.fd() + ": " + descriptor.path();
  }

  private static String mib(long bytes) {
    return bytes / MIB + " MiB";
  }

  /** The same as a graph for Graphviz. */
  static List<String> dot(Inspection inspection) {
    var lines = new ArrayList<String>();
    lines.add("digraph iommufd {");
    lines.add("  rankdir=LR;");
    lines.add("  node [shape=box];");
    for (ProcessView view : inspection.processes()) {
      long pid = view.process().pid();
      lines.add("  subgraph \"cluster_" + pid + "\" {");
      lines.add("    label=\"" + view.process().describe().replace("\"", "\\\"") + "\";");
      for (ContextView context : view.contexts()) {
        IommufdContent content = context.content();
        String of = pid + "/" + context.fd() + "/";
        content.ioases().forEach(ioas -> lines.add(node(of + ioas.id().value(), ioas.id())));
        content.hwpts().forEach(hwpt -> lines.add(node(of + hwpt.id().value(), hwpt.id())));
        content.devices().forEach(it -> lines.add(node(of + it.id().value(), it.id())));
        content.nested().forEach(id -> lines.add(node(of + id, "nested HWPT " + id)));
        content.viommus().forEach(id -> lines.add(node(of + id, "vIOMMU " + id)));
        content.others().forEach(id -> lines.add(node(of + id, "object " + id)));
      }
      view.devices().forEach(device -> edges(pid, device, lines));
      lines.add("  }");
    }
    lines.add("}");
    return lines;
  }

  private static void edges(long pid, DeviceView device, List<String> lines) {
    String name = pid + "/fd" + device.descriptor().fd();
    lines.add(node(name, device.descriptor().device().orElse("VFIO device")));
    Attachment attachment = device.attachment();
    attachment
        .iommufd()
        .ifPresent(fd -> {
          String of = pid + "/" + fd + "/";
          attachment
              .hwpt()
              .ifPresent(hwpt -> {
                lines.add(edge(name, of + hwpt.value()));
                attachment
                    .ioas()
                    .ifPresent(ioas -> lines.add(edge(of + hwpt.value(), of + ioas.value())));
              });
        });
  }

  private static String node(String name, Object label) {
    return "    \"" + name + "\" [label=\"" + label + "\"];";
  }

  private static String edge(String from, String to) {
    return "    \"" + from + "\" -> \"" + to + "\";";
  }

  /** The plan of a replace under a process' device. */
  static List<String> plan(RunningPlan plan) {
    var table =
        new Table()
            .row("device", plan.address().toString())
            .row("used by", plan.owner())
            .row("translates", plan.from() + ", by " + plan.ioas())
            .row("IOMMU", Formats.replaceBehavior(plan.iommu().driver().replace()))
            .row(
                "new HWPT",
                "of "
                    + plan.ioas()
                    + ", so the same memory"
                    + (plan.order().flags().isEmpty()
                        ? ""
                        : plan.order().flags().stream()
                            .map(Formats::name)
                            .sorted()
                            .collect(Collectors.joining(", ", ", for ", ""))))
            .row(
                "afterwards",
                plan.order().keep()
                    ? "the new HWPT stays"
                    : "the old HWPT translates again, after "
                        + plan.order().stay().toSeconds()
                        + " s; the new one is destroyed");
    plan.siblings().forEach(sibling -> table.row("moves along", sibling.address().toString()));
    return table.lines();
  }

  /** The result of a replace under a process' device. */
  static List<String> outcome(RunningOutcome outcome, Ansi ansi) {
    var lines = new ArrayList<String>();
    outcome.checks().forEach(check -> lines.add(check(check, ansi)));
    if (outcome.automatic()) {
      lines.add(
          "the process had attached by IOAS id: the old HWPT was the kernel's own and ended with"
              + " the replace; one that the kernel makes for the way back has the same flags");
    }
    lines.add(
        outcome.rounds()
            + (outcome.rounds() == 1 ? " replace: " : " replaces: ")
            + summary(outcome.there())
            + outcome.back().map(back -> "; back: " + summary(back)).orElse(""));
    return lines;
  }

  /** The line about something that has to hold after a replace. */
  static String check(Check check, Ansi ansi) {
    String word =
        check.holds() ? Emphasis.GOOD.paint(ansi, "ok") : Emphasis.BAD.paint(ansi, "FAILED");
    return word + "  " + check.check() + " (" + check.observed() + ")";
  }

  private static String summary(LatencySummary summary) {
    return "median "
        + Formats.time(summary.medianNanos())
        + ", 99 % within "
        + Formats.time(summary.p99Nanos());
  }
}
