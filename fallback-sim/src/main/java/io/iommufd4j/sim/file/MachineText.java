// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.file;

import io.iommufd4j.kernel.ProcessFacts;
import io.iommufd4j.sim.driver.AmdRegisters;
import io.iommufd4j.sim.driver.IommuRegisters;
import io.iommufd4j.sim.driver.IommuUnit;
import io.iommufd4j.sim.driver.Smmuv3Registers;
import io.iommufd4j.sim.driver.VirtioIommuConfig;
import io.iommufd4j.sim.driver.VtdRegisters;
import io.iommufd4j.sim.iommu.hardware.ReservedRegion;
import io.iommufd4j.sim.machine.BootSettings;
import io.iommufd4j.sim.machine.BusNumber;
import io.iommufd4j.sim.machine.MachineDescription;
import io.iommufd4j.sim.machine.Slot;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Writes a machine as a file's text, which reads as the same machine. */
public final class MachineText {

  private static final String LINE = "\n  - ";
  private static final String BLOCK = "      ";

  private final MachineDescription machine;
  private final StringBuilder text = new StringBuilder();

  private MachineText(MachineDescription machine) {
    this.machine = machine;
  }

  /**
   * Writes one.
   *
   * @param comments lines to stand before it
   */
  public static String of(MachineDescription machine, List<String> comments) {
    var writer = new MachineText(machine);
    comments.forEach(line -> writer.text.append(("# " + line).stripTrailing()).append('\n'));
    return writer.write();
  }

  private String write() {
    key("machine", machine.name());
    if (!machine.about().isEmpty()) {
      key("about", "'" + machine.about().replace("'", "''") + "'");
    }
    key("release", machine.release().text());
    settings(machine.settings());
    if (!machine.rootBuses().equals(Set.of(BusNumber.FIRST))) {
      key(
          "root-buses",
          machine.rootBuses().stream()
              .map(BusNumber::toString)
              .sorted()
              .collect(Collectors.joining(", ", "[", "]")));
    }
    if (!machine.iommus().isEmpty()) {
      text.append("iommus:");
      machine.iommus().forEach(unit -> text.append(LINE).append(iommu(unit)));
      text.append('\n');
    }
    text.append(machine.slots().isEmpty() ? "functions: []" : "functions:");
    machine.slots().forEach(this::function);
    return text.append('\n').toString();
  }

  private void key(String key, Object value) {
    text.append(key).append(": ").append(value).append('\n');
  }

  private void settings(BootSettings settings) {
    key("interrupts", settings.isolatedInterrupts() ? "isolated" : "shared");
    if (settings.allowUnsafeInterrupts()) {
      key("allow-unsafe-interrupts", true);
    }
    if (settings.unsafeNoIommu()) {
      key("noiommu", true);
    }
    settings
        .memlock()
        .ifPresent(bytes -> key("memlock", bytes == ProcessFacts.UNLIMITED ? "unlimited" : bytes));
    if (settings.hugePages() != 0) {
      key("hugepages", settings.hugePages());
    }
  }

  private static FlowMapping iommu(IommuUnit unit) {
    var fields = new FlowMapping();
    IommuRegisters registers = unit.registers();
    fields.put("name", unit.name());
    fields.put("model", registers.model().label());
    switch (registers) {
      case VtdRegisters vtd -> {
        fields.hex("cap", vtd.capability());
        fields.hex("ecap", vtd.extended());
        fields.hex("version", vtd.version());
      }
      case AmdRegisters amd -> {
        fields.hex("cap", Integer.toUnsignedLong(amd.capability()));
        fields.hex("efr", amd.features());
        fields.hex("efr2", amd.features2());
        fields.put("address-bits", amd.addressBits());
      }
      case Smmuv3Registers smmu -> {
        fields.hex("idr0", Integer.toUnsignedLong(smmu.idr0()));
        fields.hex("idr1", Integer.toUnsignedLong(smmu.idr1()));
        fields.hex("idr3", Integer.toUnsignedLong(smmu.idr3()));
        fields.hex("idr5", Integer.toUnsignedLong(smmu.idr5()));
        fields.hex("aidr", Integer.toUnsignedLong(smmu.aidr()));
        fields.put("address-bits", smmu.addressBits());
      }
      case VirtioIommuConfig virtio -> {
        fields.hex("page-sizes", virtio.pageSizeMask());
        fields.hex("last-iova", virtio.inputEnd());
        fields.put("reserved", regions(virtio.reserved()));
      }
      default -> throw new IllegalStateException("registers of no model: " + registers);
    }
    return fields;
  }

  private static List<FlowMapping> regions(List<ReservedRegion> regions) {
    return regions.stream()
        .map(region -> {
          var fields = new FlowMapping();
          fields.hex("first", region.start());
          fields.hex("last", region.last());
          fields.put("type", MachineKeys.word(region.type()));
          return fields;
        })
        .toList();
  }

  private void function(Slot slot) {
    FlowMapping fields = new FunctionText(machine, slot).fields();
    text.append(LINE);
    var registers = slot.details().registers();
    if (registers.isEmpty()) {
      text.append(fields);
      return;
    }
    text.append(fields.block("\n    "));
    text.append("\n    config: |\n");
    text.append(HexDump.write(registers.get(), BLOCK).stripTrailing());
  }

  /** Reserved IOVAs of a function. */
  static List<FlowMapping> reserved(Slot slot) {
    return regions(slot.reserved());
  }
}
