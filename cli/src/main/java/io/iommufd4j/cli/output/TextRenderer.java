// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.output;

import io.iommufd4j.cli.output.Document.BenchPlan;
import io.iommufd4j.cli.output.Document.Benched;
import io.iommufd4j.cli.output.Document.Binding;
import io.iommufd4j.cli.output.Document.BindingPlan;
import io.iommufd4j.cli.output.Document.Device;
import io.iommufd4j.cli.output.Document.Devices;
import io.iommufd4j.cli.output.Document.Diagnosis;
import io.iommufd4j.cli.output.Document.Failure;
import io.iommufd4j.cli.output.Document.Group;
import io.iommufd4j.cli.output.Document.Groups;
import io.iommufd4j.cli.output.Document.Inspected;
import io.iommufd4j.cli.output.Document.MachineChecked;
import io.iommufd4j.cli.output.Document.MachineYaml;
import io.iommufd4j.cli.output.Document.Machines;
import io.iommufd4j.cli.output.Document.Overridden;
import io.iommufd4j.cli.output.Document.Plan;
import io.iommufd4j.cli.output.Document.Replaced;
import io.iommufd4j.cli.output.Document.RunningPlanned;
import io.iommufd4j.cli.output.Document.RunningReplaced;
import io.iommufd4j.cli.output.Document.Watched;
import io.iommufd4j.kernel.KernelIdentity;
import io.iommufd4j.pci.IommuGroup;
import io.iommufd4j.pci.IommuInstance;
import io.iommufd4j.pci.MediatedDevice;
import io.iommufd4j.pci.PciDevice;
import java.io.PrintStream;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine.Help.Ansi;

/** Text for people; it may change with every release. */
public final class TextRenderer implements Renderer {

  private final PrintStream out;
  private final Ansi ansi;

  /** Writes to a stream. */
  public TextRenderer(PrintStream out, Ansi ansi) {
    this.out = out;
    this.ansi = ansi;
  }

  @Override
  public void preface(Document document) {
    result(document);
    out.println();
  }

  @Override
  public void step(String text) {
    out.println("  " + text);
    out.flush();
  }

  @Override
  public void result(Document document) {
    switch (document) {
      case Diagnosis diagnosis -> diagnosis(diagnosis);
      case Devices devices -> devices(devices);
      case Device device -> device(device);
      case Binding binding -> binding(binding);
      case Overridden overridden -> overridden(overridden);
      case Groups groups -> groups(groups);
      case Group group -> group(group);
      // The question shows it.
      case BindingPlan _ -> {}
      case Plan plan -> print(new ReplaceText(ansi).plan(plan));
      case Replaced replaced -> print(new ReplaceText(ansi).outcome(replaced));
      case BenchPlan planned -> print(new BenchText(ansi).plan(planned));
      case Benched benched -> print(new BenchText(ansi).outcome(benched));
      case Inspected inspected -> {
        kernel(inspected.source());
        print(VmmText.inspection(inspected.inspection()));
      }
      case RunningPlanned planned -> {
        kernel(planned.source());
        print(VmmText.plan(planned.plan()));
      }
      case RunningReplaced replaced -> print(VmmText.outcome(replaced.outcome(), ansi));
      case Watched watched -> print(DirtyText.lines(watched, ansi));
      case Machines machines -> machines(machines);
      case MachineYaml machine -> out.print(machine.yaml());
      case MachineChecked checked -> {
        kernel(checked.source());
        out.println(
            checked.file()
                + ": a machine of "
                + checked.functions()
                + " functions in "
                + checked.groups()
                + " groups");
      }
      // A failure is printed on stderr, where errors belong.
      case Failure _ -> {}
    }
    out.flush();
  }

  private void diagnosis(Diagnosis diagnosis) {
    kernel(diagnosis.source());
    print(new DiagnosisText(ansi).lines(diagnosis.findings()));
  }

  private void machines(Machines machines) {
    var table = new Table().row("NAME", "ABOUT");
    machines.machines().forEach(machine -> table.row(machine.name(), machine.about()));
    print(table.lines());
    out.println("behind the colon: " + String.join(", ", machines.iommus()));
  }

  private void devices(Devices devices) {
    kernel(devices.source());
    if (devices.devices().isEmpty() && devices.mediated().isEmpty()) {
      out.println("no such device; device list --all lists those without an IOMMU as well");
      return;
    }
    var table = new Table().row("ADDRESS", "ID", "CLASS", "GROUP", "IOMMU", "DRIVER", "CDEV");
    devices.devices().forEach(device -> row(table, device));
    devices.mediated().forEach(device -> row(table, device));
    print(table.lines());
  }

  private static void row(Table table, MediatedDevice device) {
    table.row(
        device.uuid(),
        device.type(),
        MEDIATED,
        device.group().isPresent() ? Integer.toString(device.group().getAsInt()) : NONE,
        EMULATED,
        device.driver(),
        device.cdev().orElse(NONE));
  }

  private static void row(Table table, PciDevice device) {
    table.row(
        device.address().toString(),
        device.ids(),
        Formats.hex(device.classCode(), 6),
        groupOf(device),
        device.iommu().map(IommuInstance::name).orElse(device.heldWithoutIommu() ? NO_IOMMU : NONE),
        driverOf(device),
        device.cdev().orElse(NONE));
  }

  private void device(Device shown) {
    PciDevice device = shown.device();
    kernel(shown.source());
    var table =
        new Table()
            .row("device", device.address().toString())
            .row("id", device.ids() + " rev " + Formats.hex(device.revision(), 2))
            .row("class", Formats.hex(device.classCode(), 6))
            .row("driver", driverOf(device))
            .row("override", device.driverOverride().orElse(NONE))
            .row("cdev", device.cdevPath().orElse(NONE))
            .row("iommu", iommuOf(device));
    device.physicalFunction().ifPresent(function -> table.row("VF of", function.toString()));
    if (!shown.virtualFunctions().isEmpty()) {
      table.row("VFs", names(shown.virtualFunctions()));
    }
    shown.holders().forEach(holder -> table.row("held", holder.toString()));
    shown.group().ifPresentOrElse(group -> describe(table, group), () -> table.row("group", NONE));
    table.row("siblings", names(shown.siblings()));
    print(table.lines());
  }

  private void group(Group shown) {
    kernel(shown.source());
    var facts = new Table();
    describe(facts, shown.group());
    shown.group().others().forEach(other -> facts.row("other", other));
    print(facts.lines());
    var table = new Table().row("ADDRESS", "ID", "CLASS", "GROUP", "IOMMU", "DRIVER", "CDEV");
    shown.members().forEach(device -> row(table, device));
    print(table.lines());
  }

  private static void describe(Table table, IommuGroup group) {
    String name = group.name().map(", "::concat).orElse("");
    String type = group.emulated() ? EMULATED : group.type() + name;
    table.row("group", group.number() + " (" + type + ")");
    group.reserved().forEach(region -> table.row("reserved", region.toString()));
  }

  private void groups(Groups groups) {
    kernel(groups.source());
    if (groups.groups().isEmpty()) {
      out.println("no IOMMU group: no IOMMU, or it is off; see doctor");
      return;
    }
    var table = new Table().row("GROUP", "TYPE", "DEVICES", "RESERVED");
    for (IommuGroup group : groups.groups()) {
      table.row(
          Integer.toString(group.number()),
          typeOf(group),
          group.members().stream().map(Object::toString).collect(Collectors.joining(" "))
              + group.others().stream().map(" "::concat).collect(Collectors.joining()),
          group.reserved().stream().map(Object::toString).collect(Collectors.joining(", ")));
    }
    print(table.lines());
  }

  private static String typeOf(IommuGroup group) {
    if (group.translates()) {
      return group.type();
    }
    return group.emulated() ? EMULATED : NO_IOMMU;
  }

  private void binding(Binding binding) {
    kernel(binding.source());
    out.println(
        binding.after().address()
            + ": driver "
            + driverOf(binding.before())
            + " -> "
            + driverOf(binding.after())
            + binding.after().cdevPath().map(" at "::concat).orElse(""));
    if (binding.after().heldWithoutIommu()) {
      out.println(
          Emphasis.DOUBTFUL.paint(ansi, "no IOMMU")
              + ": its DMA goes to physical addresses, and nothing keeps it from any");
    }
    if (!binding.blockers().isEmpty()) {
      out.println(
          Emphasis.DOUBTFUL.paint(ansi, "group not ready")
              + " until these leave their drivers: "
              + names(binding.blockers()));
    }
  }

  private void overridden(Overridden overridden) {
    kernel(overridden.source());
    out.println(
        overridden.after().address()
            + ": "
            + overridden
                .before()
                .driverOverride()
                .map(override -> "driver_override was " + override + ", and is cleared")
                .orElse("no driver_override is set; nothing was done")
            + "; driver "
            + driverOf(overridden.after()));
  }

  private void kernel(KernelIdentity kernel) {
    out.println(ReplaceText.kernel(kernel));
  }

  private void print(List<String> lines) {
    lines.forEach(out::println);
  }

  static final String NONE = "-";

  private static final String NO_IOMMU = "none (no-IOMMU mode)";

  /** A mediated device has no class code, and the DMA of its driver in place of an IOMMU. */
  private static final String MEDIATED = "mdev";

  private static final String EMULATED = "emulated";

  static String driverOf(PciDevice device) {
    return device.driver().orElse("none");
  }

  private static String groupOf(PciDevice device) {
    return device.group().isPresent() ? Integer.toString(device.group().getAsInt()) : NONE;
  }

  private static String iommuOf(PciDevice device) {
    return device.heldWithoutIommu()
        ? "none: VFIO holds it in no-IOMMU mode, and its DMA goes to physical addresses"
        : device.iommu().map(TextRenderer::iommu).orElse(NONE);
  }

  private static String iommu(IommuInstance iommu) {
    return iommu.name() + ", " + Formats.replaceBehavior(iommu.driver().replace());
  }

  private static String names(List<PciDevice> devices) {
    return devices.isEmpty()
        ? NONE
        : devices.stream()
            .map(device -> device.address() + " (" + driverOf(device) + ")")
            .collect(Collectors.joining(", "));
  }
}
