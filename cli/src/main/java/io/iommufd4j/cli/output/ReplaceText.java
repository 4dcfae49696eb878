// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.output;

import io.iommufd4j.cli.output.Document.Plan;
import io.iommufd4j.cli.output.Document.Replaced;
import io.iommufd4j.cli.replace.Check;
import io.iommufd4j.cli.replace.DmaProof;
import io.iommufd4j.cli.replace.Latency;
import io.iommufd4j.cli.replace.LatencySummary;
import io.iommufd4j.cli.replace.Participant;
import io.iommufd4j.cli.replace.ReplaceOutcome;
import io.iommufd4j.cli.replace.ReplacePlan;
import io.iommufd4j.cli.replace.ReplaceTarget;
import io.iommufd4j.kernel.KernelIdentity;
import io.iommufd4j.pci.IommuInstance;
import io.iommufd4j.pci.PciDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Help.Ansi;

/** {@code device-replace} as text. */
final class ReplaceText {

  private static final int HEX_GROUP = 8;

  private final Ansi ansi;

  ReplaceText(Ansi ansi) {
    this.ansi = ansi;
  }

  static String kernel(KernelIdentity kernel) {
    return "kernel: " + kernel;
  }

  List<String> plan(Plan document) {
    ReplacePlan plan = document.plan();
    var table =
        new Table()
            .row("device", participant(plan.device()))
            .row("group", plan.group().number() + " (" + plan.group().type() + ")");
    if (plan.siblings().isEmpty()) {
      table.row("siblings", "none: nothing else moves");
    }
    plan.siblings()
        .forEach(sibling -> table.row("sibling", participant(sibling) + "; moves along"));
    plan.participants().stream()
        .flatMap(participant -> participant.virtualFunctions().stream())
        .forEach(function -> table.row("VF", virtualFunction(function)));
    plan.group().reserved().forEach(region -> table.row("reserved", region.toString()));
    table
        .row("IOMMU", iommu(plan.iommu()))
        .row("from", from(plan))
        .row("to", to(plan.order().target()));
    if (plan.order().rounds() > 0) {
      table.row("repeat", plan.order().rounds() + " rounds of replace beside detach + attach");
    }
    if (plan.order().proveDma()) {
      table.row("DMA", "shown by the edu engine, before and after");
    }
    var lines = new ArrayList<String>();
    lines.add(kernel(document.source()));
    lines.add(Emphasis.HEADING.paint(ansi, "plan"));
    table.lines().forEach(line -> lines.add("  " + line));
    return lines;
  }

  static String participant(Participant participant) {
    String driver = TextRenderer.driverOf(participant.device());
    String binding =
        participant.toBind()
            ? "driver " + driver + ", vfio-pci for the run and " + driver + " again after"
            : "driver " + driver;
    return participant.device().address() + " (" + participant.device().ids() + "), " + binding;
  }

  private static String virtualFunction(PciDevice function) {
    return function.address()
        + " ("
        + function.ids()
        + "), driver "
        + TextRenderer.driverOf(function)
        + "; goes for the run and is made again after";
  }

  static String iommu(IommuInstance iommu) {
    return iommu.name()
        + " ("
        + iommu.driver().title()
        + "), "
        + Formats.replaceBehavior(iommu.driver().replace());
  }

  private static String from(ReplacePlan plan) {
    String hwpt = plan.order().target() == ReplaceTarget.AUTO ? "its automatic HWPT" : "HWPT A";
    return hwpt + " of IOAS A, which maps buffer A at IOVA " + Formats.iova(plan.iova());
  }

  private static String to(ReplaceTarget target) {
    return switch (target) {
      case NEW_IOAS -> "HWPT B of IOAS B, which maps buffer B at the same IOVA";
      case SAME_IOAS -> "HWPT B of IOAS A: another page table, the same memory";
      case AUTO -> "the automatic HWPT of IOAS B, which maps buffer B at the same IOVA";
    };
  }

  List<String> outcome(Replaced document) {
    ReplaceOutcome outcome = document.outcome();
    var lines = new ArrayList<String>();
    lines.add("");
    outcome.proof().ifPresent(proof -> proof(lines, proof));
    outcome.latency().ifPresent(latency -> latency(lines, latency, document.plan()));
    lines.add(Emphasis.HEADING.paint(ansi, "verified"));
    outcome.checks().forEach(check -> lines.add("  " + check(check)));
    lines.add(
        (outcome.verified()
                ? Emphasis.GOOD.paint(ansi, "replaced")
                : Emphasis.BAD.paint(ansi, "NOT replaced as it should be"))
            + ": "
            + outcome.from().hwpt()
            + " of "
            + outcome.from().ioas()
            + " by "
            + outcome.to().hwpt()
            + " of "
            + outcome.to().ioas()
            + " under "
            + document.plan().device().device().address()
            + ", without detaching"
            + (outcome.latency().isPresent()
                ? ""
                : ", in " + Formats.time(outcome.nanos()) + " (one cold call; --repeat measures)")
            + "; by "
            + document.source());
    return lines;
  }

  private String check(Check check) {
    return (check.holds() ? Emphasis.GOOD.paint(ansi, "yes") : Emphasis.BAD.paint(ansi, "NO "))
        + "  "
        + check.check()
        + ": "
        + check.observed();
  }

  private void proof(List<String> lines, DmaProof proof) {
    lines.add(
        Emphasis.HEADING.paint(ansi, "DMA")
            + "  each engine copies "
            + proof.bytes()
            + " bytes from IOVA "
            + Formats.iova(proof.from())
            + "; what then lies at the IOVA written:");
    for (DmaProof.Run run : proof.runs()) {
      lines.add(
          "  "
              + (run.after() ? "after " : "before")
              + " the replace, "
              + run.device()
              + " to IOVA "
              + Formats.iova(run.to()));
      run.buffers().forEach(landing -> lines.add("    " + landing(landing)));
    }
  }

  private static String landing(DmaProof.Landing landing) {
    String meaning =
        switch (landing.bytesOf()) {
          case DmaProof.NOTHING -> "nothing arrived";
          case DmaProof.UNKNOWN -> "bytes of no buffer";
          default -> "bytes of buffer " + landing.bytesOf();
        };
    return "buffer "
        + landing.buffer()
        + "  "
        + grouped(landing.hex())
        + "  |"
        + landing.text()
        + "|  "
        + meaning;
  }

  private static String grouped(String hex) {
    var groups = new ArrayList<String>();
    for (int i = 0; i < hex.length(); i += HEX_GROUP) {
      groups.add(hex.substring(i, Math.min(hex.length(), i + HEX_GROUP)));
    }
    return String.join(" ", groups);
  }

  private void latency(List<String> lines, Latency latency, ReplacePlan plan) {
    int devices = plan.attached().size();
    lines.add(
        Emphasis.HEADING.paint(ansi, "latency")
            + "  "
            + (latency.interrupted()
                ? Emphasis.DOUBTFUL.paint(ansi, "interrupted") + " after "
                : "")
            + latency.rounds()
            + (latency.interrupted() ? " of " + latency.wanted() : "")
            + " rounds of each by turns, after "
            + latency.warmUp()
            + " that do not count"
            + (devices == 1 ? "" : "; detach + attach of all " + devices + " devices"));
    var table =
        new Table()
            .row("", "min", "median", "p99")
            .row(row("replace", latency.replace()))
            .row(row("detach + attach", latency.detachAttach()));
    table.lines().forEach(line -> lines.add("  " + line));
    lines.add(
        String.format(
            Locale.ROOT, "  detach + attach takes %.2f times as long (medians)", latency.ratio()));
  }

  private static String[] row(String name, LatencySummary summary) {
    return new String[] {
      name,
      Formats.time(summary.minNanos()),
      Formats.time(summary.medianNanos()),
      Formats.time(summary.p99Nanos())
    };
  }
}
