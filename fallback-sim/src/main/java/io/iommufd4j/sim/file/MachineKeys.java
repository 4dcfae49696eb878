// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.file;

import io.iommufd4j.sim.driver.IommuModel;
import io.iommufd4j.sim.iommu.hardware.PasidFeature;
import io.iommufd4j.sim.iommu.hardware.ReservedRegion;
import io.iommufd4j.sim.pci.PciFunction.Space;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The keys and words of a machine file. */
final class MachineKeys {

  static final List<String> MACHINE =
      List.of(
          "machine",
          "about",
          "release",
          "interrupts",
          "allow-unsafe-interrupts",
          "noiommu",
          "memlock",
          "hugepages",
          "root-buses",
          "iommus",
          "functions");

  static final List<String> VTD = List.of("name", "model", "cap", "ecap", "version");
  static final List<String> AMD = List.of("name", "model", "cap", "efr", "efr2", "address-bits");
  static final List<String> SMMUV3 =
      List.of("name", "model", "idr0", "idr1", "idr3", "idr5", "aidr", "address-bits");
  static final List<String> VIRTIO =
      List.of("name", "model", "page-sizes", "last-iova", "reserved");
  static final List<String> IOMMU_PRESET = List.of("name", "preset", "dirty-tracking");

  /** Those of all models and of presets. */
  static final List<String> IOMMU =
      Stream.of(VTD, AMD, SMMUV3, VIRTIO, IOMMU_PRESET).flatMap(List::stream).distinct().toList();

  static final List<String> REGION = List.of("first", "last", "type");

  /** The word for a function that no IOMMU translates for, in place of an IOMMU's name. */
  static final String NO_IOMMU = "none";

  /** Keys of every function. */
  private static final List<String> COMMON =
      List.of("at", "bus", "group", "acs", "iommu", "driver", "override", "reserved");

  /** A function of a kind that the simulator has. */
  static final List<String> KIND =
      with("kind", "irq", "domain", "bars", "virtual-functions", "pasids", "pasid-features");

  /** A function that is known by its registers. */
  static final List<String> REGISTERS = with("config", "config-size", "bars", "virtual-functions");

  /** A function that is known by its ids. */
  static final List<String> IDS =
      with(
          "ids",
          "irq",
          "class",
          "revision",
          "subsystem",
          "express",
          "msi",
          "msix",
          "bars",
          "virtual-functions");

  static final List<String> FUNCTION =
      Stream.of(KIND, REGISTERS, IDS).flatMap(List::stream).distinct().toList();

  static final List<String> KIND_BAR = List.of("bar", "base");
  static final List<String> BAR = List.of("bar", "size", "base", "type");
  static final List<String> MSIX = List.of("vectors", "bar", "table", "pending");
  static final List<String> KIND_SRIOV = List.of("total");
  static final List<String> SRIOV =
      List.of("total", "offset", "stride", "device", "bars", "enabled", "driver", "groups");

  static final Map<String, Space> SPACES =
      Map.of(
          "ports", Space.PORTS,
          "memory", Space.MEMORY,
          "prefetchable", Space.PREFETCHABLE,
          "memory64", Space.WIDE_MEMORY,
          "prefetchable64", Space.WIDE_PREFETCHABLE);

  static final Map<String, ReservedRegion.Type> REGIONS =
      Stream.of(ReservedRegion.Type.values())
          .collect(Collectors.toUnmodifiableMap(MachineKeys::word, Function.identity()));

  static final Map<String, PasidFeature> FEATURES =
      Stream.of(PasidFeature.values())
          .collect(Collectors.toUnmodifiableMap(MachineKeys::word, Function.identity()));

  private MachineKeys() {}

  private static List<String> with(String... more) {
    return Stream.concat(COMMON.stream(), Stream.of(more)).toList();
  }

  /** A constant as files name it. */
  static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  static List<String> of(IommuModel model) {
    return switch (model) {
      case VTD -> VTD;
      case AMD -> AMD;
      case SMMUV3 -> SMMUV3;
      case VIRTIO -> VIRTIO;
    };
  }
}
