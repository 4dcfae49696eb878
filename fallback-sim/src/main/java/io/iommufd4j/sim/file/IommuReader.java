// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.file;

import io.iommufd4j.sim.driver.AmdRegisters;
import io.iommufd4j.sim.driver.IommuModel;
import io.iommufd4j.sim.driver.IommuPreset;
import io.iommufd4j.sim.driver.IommuRegisters;
import io.iommufd4j.sim.driver.IommuUnit;
import io.iommufd4j.sim.driver.Smmuv3Registers;
import io.iommufd4j.sim.driver.VirtioIommuConfig;
import io.iommufd4j.sim.driver.VtdRegisters;
import io.iommufd4j.sim.iommu.hardware.ReservedRegion;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Reads the IOMMUs of a machine: a preset's, or any by its registers. */
final class IommuReader {

  static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._:-]{0,63}");

  private static final String NAMED = "as /sys/class/iommu names it, as dmar0";
  private static final Map<String, IommuModel> MODELS =
      byLabel(IommuModel.values(), IommuModel::label);
  private static final Map<String, IommuPreset> PRESETS =
      byLabel(IommuPreset.values(), IommuPreset::label);

  private IommuReader() {}

  private static <T> Map<String, T> byLabel(T[] values, Function<T, String> label) {
    return Stream.of(values).collect(Collectors.toUnmodifiableMap(label, Function.identity()));
  }

  /** All of them; they are of one model, as one driver runs them. */
  static List<IommuUnit> read(Value list) {
    var units = new ArrayList<IommuUnit>();
    var names = new HashSet<String>();
    for (Value item : list.items()) {
      IommuUnit unit = unit(item);
      if (unit.name().equals(MachineKeys.NO_IOMMU)) {
        throw item.wrong("none says that there is no IOMMU; it wants another name");
      }
      if (!names.add(unit.name())) {
        throw item.wrong("there is a second " + unit.name() + "; each wants a name of its own");
      }
      IommuModel model = unit.registers().model();
      if (!units.isEmpty() && units.getFirst().registers().model() != model) {
        throw item.wrong(
            "is a "
                + model.label()
                + "; it wants the first one's model, "
                + units.getFirst().registers().model().label());
      }
      units.add(unit);
    }
    return units;
  }

  private static IommuUnit unit(Value item) {
    Fields all = item.fields(MachineKeys.IOMMU);
    Optional<Value> preset = all.find("preset");
    if (preset.isPresent()) {
      return preset(item, preset.get());
    }
    IommuModel model =
        all.require("model", "one of " + String.join(", ", MODELS.keySet()) + ", or a preset")
            .one(MODELS);
    Fields fields = item.fields(MachineKeys.of(model));
    String name = name(fields).orElseThrow(() -> missingName(fields));
    IommuRegisters registers =
        switch (model) {
          case VTD -> vtd(fields);
          case AMD -> amd(fields);
          case SMMUV3 -> smmuv3(fields);
          case VIRTIO -> virtio(fields);
        };
    return new IommuUnit(name, registers);
  }

  private static BadFileException missingName(Fields fields) {
    return fields.whole().wrong("name is missing; it wants " + NAMED);
  }

  private static Optional<String> name(Fields fields) {
    return fields.find("name").map(value -> value.matching(NAME, "a name, " + NAMED).group());
  }

  private static IommuUnit preset(Value item, Value preset) {
    Fields fields = item.fields(MachineKeys.IOMMU_PRESET);
    IommuUnit unit = preset.one(PRESETS).unit(fields.truth("dirty-tracking"));
    return new IommuUnit(name(fields).orElse(unit.name()), unit.registers());
  }

  private static VtdRegisters vtd(Fields fields) {
    int version =
        fields
            .find("version")
            .map(value -> value.small(0, 0xff))
            .orElse(VtdRegisters.USUAL_VERSION);
    long capability = register(fields, "cap", "CAP_REG, as 0xd2008c222f0686");
    long extended = register(fields, "ecap", "ECAP_REG, as 0xf00f4a");
    var registers = new VtdRegisters(capability, extended, version);
    if (registers.serves(0) && registers.apertureLast(0) == 0) {
      throw fields
          .require("cap", "")
          .wrong("has no page table of three levels; it wants bit 9 (SAGAW) at least");
    }
    return registers;
  }

  private static long register(Fields fields, String name, String example) {
    return fields.require(name, example).number(0, -1);
  }

  private static int word(Fields fields, String name) {
    return (int)
        fields.require(name, "SMMU_" + name.toUpperCase(Locale.ROOT)).number(0, 0xffff_ffffL);
  }

  private static int addressBits(Fields fields, int usual) {
    return fields.find("address-bits").map(value -> value.small(32, 64)).orElse(usual);
  }

  private static AmdRegisters amd(Fields fields) {
    return new AmdRegisters(
        fields
            .find("cap")
            .map(value -> (int) value.number(0, 0xffff_ffffL))
            .orElse(AmdRegisters.USUAL_CAPABILITY),
        register(fields, "efr", "EFR, as 0x29d3"),
        fields.find("efr2").map(value -> value.number(0, -1)).orElse(0L),
        addressBits(fields, 64));
  }

  private static Smmuv3Registers smmuv3(Fields fields) {
    return new Smmuv3Registers(
        word(fields, "idr0"),
        word(fields, "idr1"),
        word(fields, "idr3"),
        word(fields, "idr5"),
        word(fields, "aidr"),
        Math.min(addressBits(fields, 48), 52));
  }

  private static VirtioIommuConfig virtio(Fields fields) {
    Value sizes = fields.require("page-sizes", "page_size_mask, as 0xfffffffffffff000");
    long mask = sizes.number(1, -1);
    if ((mask & 0xfff) != 0 || (mask & 0x1000) == 0) {
      throw sizes.wrong("has no pages of 4 KiB, or smaller ones; it wants bit 12 the lowest");
    }
    return new VirtioIommuConfig(
        mask,
        fields.require("last-iova", "input_range.end").number(0xffff_ffffL, -1),
        fields
            .find("reserved")
            .map(IommuReader::regions)
            .orElse(List.of(ReservedRegion.X86_MESSAGES)));
  }

  /** Reserved IOVAs. */
  static List<ReservedRegion> regions(Value list) {
    return list.items().stream().map(IommuReader::region).toList();
  }

  private static ReservedRegion region(Value item) {
    Fields fields = item.fields(MachineKeys.REGION);
    long first = fields.require("first", "an IOVA, as 0x70000000").number(0, -1);
    Value end = fields.require("last", "the inclusive last IOVA, as 0x7000ffff");
    long last = end.number(0, -1);
    if (Long.compareUnsigned(last, first) < 0) {
      throw end.wrong("lies before the first IOVA; it wants the inclusive last one");
    }
    return new ReservedRegion(
        first,
        last,
        fields
            .find("type")
            .map(value -> value.one(MachineKeys.REGIONS))
            .orElse(ReservedRegion.Type.DIRECT));
  }
}
