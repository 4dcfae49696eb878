// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.file;

import io.iommufd4j.sim.machine.FunctionDetails;
import io.iommufd4j.sim.machine.MachineDescription;
import io.iommufd4j.sim.machine.Pasids;
import io.iommufd4j.sim.machine.Slot;
import io.iommufd4j.sim.machine.SriovDetails;
import io.iommufd4j.sim.pci.FunctionKind;
import io.iommufd4j.sim.pci.PciConfigSpace;
import io.iommufd4j.sim.pci.PciFunction.Bar;
import io.iommufd4j.sim.pci.PciFunction.Space;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/** A function of a machine, as fields of a file; its registers apart. */
final class FunctionText {

  private static final Map<Space, String> SPACES =
      MachineKeys.SPACES.entrySet().stream()
          .collect(Collectors.toUnmodifiableMap(Map.Entry::getValue, Map.Entry::getKey));

  private final MachineDescription machine;
  private final Slot slot;
  private final FlowMapping fields = new FlowMapping();

  FunctionText(MachineDescription machine, Slot slot) {
    this.machine = machine;
    this.slot = slot;
  }

  FlowMapping fields() {
    if (slot.details().device().isPresent()) {
      throw new IllegalStateException(
          slot.address() + ": a device of a library's author is Java, and has no place in a file");
    }
    boolean described = slot.kind() == FunctionKind.DESCRIBED;
    fields.put("at", slot.address());
    if (!described) {
      fields.put("kind", slot.kind().label());
    }
    if (slot.secondaryDomain() != slot.address().domain()) {
      fields.hex("domain", slot.secondaryDomain());
    }
    if (slot.secondaryBus() != 0) {
      fields.hex("bus", slot.secondaryBus());
    }
    if (!machine.iommus().isEmpty()) {
      place();
    }
    if (slot.kind() == FunctionKind.NVME) {
      fields.put("virtual-functions", "{total: " + slot.virtualFunctions() + "}");
    }
    pasids(slot.pasids());
    details(slot.details(), described);
    if (!slot.reserved().isEmpty()) {
      fields.put("reserved", MachineText.reserved(slot));
    }
    return fields;
  }

  /** Its IOMMU, where that is not the first, and its group. */
  private void place() {
    if (!slot.translated()) {
      fields.put("iommu", MachineKeys.NO_IOMMU);
      return;
    }
    fields.put("group", slot.group());
    if (slot.unit() != 0) {
      fields.put("iommu", machine.iommus().get(slot.unit()).name());
    }
  }

  private void pasids(Pasids pasids) {
    if (pasids.count() != 0) {
      fields.put("pasids", pasids.count());
    }
    if (!pasids.features().isEmpty()) {
      fields.put(
          "pasid-features", pasids.features().stream().map(MachineKeys::word).sorted().toList());
    }
  }

  private void details(FunctionDetails details, boolean described) {
    details.driver().ifPresent(name -> fields.put("driver", name));
    details.override().ifPresent(name -> fields.put("override", name));
    details.irq().ifPresent(irq -> fields.put("irq", irq));
    if (!details.bars().isEmpty()) {
      fields.put("bars", described ? bars(details.bars()) : List.of(place(details.bars())));
    }
    details.sriov().ifPresent(sriov -> fields.put("virtual-functions", sriov(sriov)));
    details
        .registers()
        .filter(registers -> registers.bytes().length == PciConfigSpace.EXPRESS)
        .ifPresent(_ -> fields.put("config-size", PciConfigSpace.EXPRESS));
  }

  private static FlowMapping place(List<Bar> bars) {
    var one = new FlowMapping();
    one.put("bar", 0);
    one.hex("base", bars.getFirst().base());
    return one;
  }

  private static List<FlowMapping> bars(List<Bar> bars) {
    return bars.stream().map(FunctionText::bar).toList();
  }

  private static FlowMapping bar(Bar bar) {
    var one = new FlowMapping();
    one.put("bar", bar.index());
    one.put("size", size(bar.bytes()));
    one.hex("base", bar.base());
    one.put("type", Objects.requireNonNull(SPACES.get(bar.space())));
    return one;
  }

  private static String size(long bytes) {
    String units = "KMG";
    for (int i = units.length(); i > 0; i--) {
      if (bytes % (1L << (10 * i)) == 0) {
        return (bytes >> (10 * i)) + units.substring(i - 1, i);
      }
    }
    return Long.toString(bytes);
  }

  private static FlowMapping sriov(SriovDetails sriov) {
    var one = new FlowMapping();
    one.put("total", sriov.total());
    one.put("offset", sriov.offset());
    one.put("stride", sriov.stride());
    one.hex("device", sriov.device());
    if (!sriov.bars().isEmpty()) {
      one.put("bars", bars(sriov.bars()));
    }
    if (sriov.enabled() != 0) {
      one.put("enabled", sriov.enabled());
    }
    sriov.driver().ifPresent(name -> one.put("driver", name));
    if (!sriov.groups().isEmpty()) {
      one.put("groups", sriov.groups());
    }
    return one;
  }
}
