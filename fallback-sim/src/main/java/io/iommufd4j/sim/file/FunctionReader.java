// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.file;

import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.sim.driver.IommuUnit;
import io.iommufd4j.sim.iommu.hardware.PasidFeature;
import io.iommufd4j.sim.iommu.hardware.ReservedRegion;
import io.iommufd4j.sim.machine.BusNumber;
import io.iommufd4j.sim.machine.FunctionDetails;
import io.iommufd4j.sim.machine.Pasids;
import io.iommufd4j.sim.machine.RegisterBytes;
import io.iommufd4j.sim.machine.Slot;
import io.iommufd4j.sim.machine.SriovDetails;
import io.iommufd4j.sim.pci.FunctionKind;
import io.iommufd4j.sim.pci.PciFunction.Bar;
import io.iommufd4j.sim.pci.PciFunction.Space;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Reads a function: of a kind that the simulator has, or by its registers, or by its ids. */
final class FunctionReader {

  private static final Pattern DRIVER = Pattern.compile("[A-Za-z0-9_-]{1,64}");
  private static final Map<String, FunctionKind> KINDS =
      FunctionKind.named()
          .collect(Collectors.toUnmodifiableMap(FunctionKind::label, Function.identity()));

  private static final int MOST_GROUPS = 0xffff;
  private static final int MOST_BUSES = 255;
  private static final int FIRST_EMULATED_DOMAIN = 0x10000;
  private static final int MOST_DOMAINS = 0xf_ffff;
  private static final int MOST_OF_NVME = 7;
  private static final int MOST_PASIDS = 1 << 20;

  private final List<IommuUnit> iommus;

  FunctionReader(List<IommuUnit> iommus) {
    this.iommus = iommus;
  }

  Draft read(Value item) {
    Fields all = item.fields(MachineKeys.FUNCTION);
    boolean byKind = all.find("kind").isPresent();
    boolean byRegisters = all.find("config").isPresent();
    if (byKind) {
      all.refuseWith("ids", "kind");
      all.refuseWith("config", "kind");
      return ofKind(item.fields(MachineKeys.KIND));
    }
    if (byRegisters) {
      all.refuseWith("ids", "config");
      return ofRegisters(item.fields(MachineKeys.REGISTERS));
    }
    if (all.find("ids").isEmpty()) {
      throw item.wrong(
          "neither kind, ids nor config says what it is; it wants one of them, as kind: edu");
    }
    return ofIds(item.fields(MachineKeys.IDS));
  }

  private Draft ofKind(Fields fields) {
    FunctionKind kind = fields.require("kind", "").one(KINDS);
    PciAddress at = address(fields);
    BusNumber behind = behind(fields, at, kind);
    if (kind != FunctionKind.EDU) {
      fields.refuseWith("pasids", "kind: " + kind.label());
      fields.refuseWith("pasid-features", "kind: " + kind.label());
    }
    boolean hasBars = Set.of(FunctionKind.EDU, FunctionKind.NVME, FunctionKind.IGB).contains(kind);
    if (!hasBars) {
      fields.refuseWith("bars", "kind: " + kind.label());
    }
    var details =
        new FunctionDetails(
            driver(fields, "driver"),
            driver(fields, "override"),
            irq(fields),
            fields.find("bars").map(BarReader::ofKind).orElse(List.of()),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());
    boolean port = kind == FunctionKind.ROOT_PORT || kind == FunctionKind.SWITCH;
    return draft(
        fields,
        new Slot(
            at,
            kind,
            behind.domain(),
            behind.bus(),
            0,
            unit(fields),
            virtualFunctions(fields, kind),
            reserved(fields),
            pasids(fields),
            details),
        fields.find("acs").map(Value::truth).orElse(port),
        kind == FunctionKind.PCI_BRIDGE);
  }

  private static int virtualFunctions(Fields fields, FunctionKind kind) {
    Optional<Value> said = fields.find("virtual-functions");
    if (kind == FunctionKind.IGB) {
      fields.refuseWith("virtual-functions", "kind: igb, which has 8");
      return Slot.VIRTUAL_FUNCTIONS_OF_IGB;
    }
    if (kind != FunctionKind.NVME) {
      fields.refuseWith("virtual-functions", "kind: " + kind.label());
      return 0;
    }
    return said.map(value ->
            value.fields(MachineKeys.KIND_SRIOV).require("total", "0 to 7").small(0, MOST_OF_NVME))
        .orElse(1);
  }

  private static BusNumber behind(Fields fields, PciAddress at, FunctionKind kind) {
    if (kind == FunctionKind.VMD) {
      int domain =
          fields
              .require("domain", "the PCI domain behind it, from 0x10000 on")
              .small(FIRST_EMULATED_DOMAIN, MOST_DOMAINS);
      return new BusNumber(domain, bus(fields));
    }
    fields.refuseWith("domain", "kind: " + kind.label());
    if (kind.bridge()) {
      return new BusNumber(at.domain(), bus(fields));
    }
    fields.refuseWith("bus", "kind: " + kind.label());
    return new BusNumber(at.domain(), 0);
  }

  private static int bus(Fields fields) {
    return fields.require("bus", "the number of the bus behind it").small(1, MOST_BUSES);
  }

  private Draft ofRegisters(Fields fields) {
    int size =
        fields
            .find("config-size")
            .map(value -> value.one(Map.of("256", 256, "4096", 4096)))
            .orElse(256);
    Value dump = fields.require("config", "");
    return described(fields, HexDump.read(dump, size));
  }

  private Draft ofIds(Fields fields) {
    return described(fields, IdReader.registers(fields));
  }

  private Draft described(Fields fields, RegisterBytes registers) {
    PciAddress at = address(fields);
    var found = new FoundRegisters(registers);
    BusNumber behind = new BusNumber(at.domain(), 0);
    if (found.bridge()) {
      int bus = fields.find("bus").isPresent() ? bus(fields) : found.secondaryBus();
      behind = new BusNumber(at.domain(), bus);
    } else {
      fields.refuseWith("bus", "registers of a function that is no bridge");
    }
    var details =
        new FunctionDetails(
            driver(fields, "driver"),
            driver(fields, "override"),
            OptionalInt.empty(),
            fields.find("bars").map(BarReader::bars).orElse(List.of()),
            Optional.of(registers),
            fields.find("virtual-functions").map(value -> sriov(value, at, found)),
            Optional.empty());
    return draft(
        fields,
        new Slot(
            at,
            FunctionKind.DESCRIBED,
            behind.domain(),
            behind.bus(),
            0,
            unit(fields),
            0,
            reserved(fields),
            Pasids.NONE,
            details),
        fields.find("acs").map(Value::truth).orElse(found.isolates()),
        found.conventionalBridge());
  }

  private static SriovDetails sriov(Value value, PciAddress at, FoundRegisters found) {
    if (!found.express()) {
      throw value.wrong("takes PCI Express; it wants config-size: 4096, or express: true");
    }
    Fields fields = value.fields(MachineKeys.SRIOV);
    int total = fields.require("total", "how many there can be").small(1, 0xffff);
    int offset = fields.require("offset", "the distance to the first").small(1, 0xffff);
    int stride = fields.require("stride", "from one to the next").small(1, 0xffff);
    long last = (at.bus() << 8 | at.device() << 3 | at.function()) + offset + (total - 1L) * stride;
    if (last >> 8 > MOST_BUSES) {
      throw value.wrong("the last one lies beyond bus ff; it wants fewer, or nearer ones");
    }
    Optional<Value> list = fields.find("bars");
    List<Bar> bars = list.map(BarReader::bars).orElse(List.of());
    if (bars.stream().anyMatch(bar -> bar.space() == Space.PORTS)) {
      throw list.orElseThrow().wrong("virtual functions have no ports; it wants memory");
    }
    int enabled = fields.find("enabled").map(said -> said.small(0, total)).orElse(0);
    return new SriovDetails(
        total,
        offset,
        stride,
        fields.require("device", "their device id, as 0x10ca").small(0, 0xffff),
        bars,
        enabled,
        driver(fields, "driver"),
        fields.find("groups").map(said -> groups(said, enabled)).orElse(List.of()));
  }

  private static List<Integer> groups(Value list, int enabled) {
    List<Integer> groups = list.items().stream().map(one -> one.small(0, MOST_GROUPS)).toList();
    if (groups.size() != enabled || Set.copyOf(groups).size() != enabled) {
      throw list.wrong("wants a number for each of the %d enabled, none twice".formatted(enabled));
    }
    return groups;
  }

  private Draft draft(Fields fields, Slot slot, boolean isolates, boolean conventional) {
    Optional<Value> group = fields.find("group");
    if (iommus.isEmpty()) {
      group.ifPresent(value -> {
        throw value.wrong("has no place in a machine without an IOMMU; it wants iommus, or to go");
      });
      if (slot.details().sriov().filter(its -> !its.groups().isEmpty()).isPresent()) {
        throw fields
            .require("virtual-functions", "")
            .wrong("groups have no place in a machine without an IOMMU; it wants iommus");
      }
    }
    return new Draft(
        fields,
        slot,
        group.map(value -> OptionalInt.of(value.small(0, MOST_GROUPS))).orElse(OptionalInt.empty()),
        isolates,
        conventional);
  }

  private static PciAddress address(Fields fields) {
    Value value = fields.require("at", "a PCI address, as 0000:00:08.0");
    try {
      return PciAddress.parse(value.text());
    } catch (IllegalArgumentException e) {
      throw value.wrong("'" + value.text() + "' is no PCI address; it wants one as 0000:00:08.0");
    }
  }

  private static Optional<String> driver(Fields fields, String key) {
    return fields
        .find(key)
        .map(value -> value.matching(DRIVER, "a driver's name, as vfio-pci").group());
  }

  private static OptionalInt irq(Fields fields) {
    return fields
        .find("irq")
        .map(value -> OptionalInt.of(value.small(0, 255)))
        .orElse(OptionalInt.empty());
  }

  private int unit(Fields fields) {
    Optional<Value> said = fields.find("iommu");
    if (said.isEmpty()) {
      return 0;
    }
    String name = said.get().text();
    if (name.equals(MachineKeys.NO_IOMMU)) {
      String beside = "iommu: " + MachineKeys.NO_IOMMU;
      List.of("group", "reserved").forEach(key -> fields.refuseWith(key, beside));
      return Slot.UNTRANSLATED;
    }
    for (int i = 0; i < iommus.size(); i++) {
      if (iommus.get(i).name().equals(name)) {
        return i;
      }
    }
    throw said.get()
        .wrong(
            "there is no IOMMU '"
                + name
                + "'; it wants none, or one of iommus: "
                + iommus.stream().map(IommuUnit::name).collect(Collectors.joining(", ")));
  }

  private List<ReservedRegion> reserved(Fields fields) {
    Optional<Value> said = fields.find("reserved");
    if (said.isPresent() && iommus.isEmpty()) {
      throw said.get().wrong("has no place in a machine without an IOMMU; it has to go");
    }
    return said.map(IommuReader::regions).orElse(List.of());
  }

  private static Pasids pasids(Fields fields) {
    int count = fields.find("pasids").map(value -> value.small(0, MOST_PASIDS)).orElse(0);
    var features = EnumSet.noneOf(PasidFeature.class);
    fields
        .find("pasid-features")
        .ifPresent(
            list -> list.items().forEach(item -> features.add(item.one(MachineKeys.FEATURES))));
    return new Pasids(count, features);
  }
}
