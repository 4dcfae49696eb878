// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.machine;

import io.iommufd4j.data.HwRegisters;
import io.iommufd4j.pci.IommuInstance;
import io.iommufd4j.pci.PciDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;

/** The IOMMUs that translate for a host's functions, as a machine file's. */
final class CapturedIommus {

  private static final int TABLE_HEADER = 36;
  private static final int VASIZE_SHIFT = 15;
  private static final int VASIZE = 0x7f;

  /** {@code IOMMU_IVINFO_EFRSUP}. */
  private static final int FEATURES_IN_TABLE = 1;

  private static final int BITS_OF_FOUR_LEVELS = 48;
  private static final int FEWEST_BITS = 32;
  private static final int MOST_BITS = 64;

  private final Attributes sysfs;
  private final Function<String, Optional<IommuProbe.Answer>> probe;
  private final List<String> names;
  private final List<String> lines = new ArrayList<>();
  private final List<String> unknown = new ArrayList<>();
  private final IommuInstance.Driver driver;

  /**
   * Those of a host.
   *
   * @param probe asks through a device, by the name of the IOMMU
   */
  CapturedIommus(
      Attributes sysfs,
      List<PciDevice> devices,
      Function<String, Optional<IommuProbe.Answer>> probe) {
    this.sysfs = sysfs;
    this.probe = probe;
    var found = new TreeSet<String>();
    devices.forEach(device -> device.iommu().ifPresent(iommu -> found.add(iommu.name())));
    names = List.copyOf(found);
    driver =
        names.isEmpty() ? IommuInstance.Driver.OTHER : new IommuInstance(names.getFirst()).driver();
    names.forEach(name -> lines.add(line(name)));
  }

  /** Their names, the first the one that functions have unless another is said. */
  List<String> names() {
    return names;
  }

  /** The word of a function for its IOMMU: none is needed for the first. */
  Optional<String> of(PciDevice device) {
    if (names.isEmpty()) {
      return Optional.empty();
    }
    String its = device.iommu().map(IommuInstance::name).orElse("none");
    return Optional.of(its).filter(name -> !name.equals(names.getFirst()));
  }

  /** The lines of the file. */
  List<String> lines() {
    return lines;
  }

  /** The facts that were not shown, and so are as in the lab's QEMU. */
  List<String> unknown() {
    return unknown;
  }

  IommuInstance.Driver driver() {
    return driver;
  }

  private String line(String name) {
    Attributes iommu = sysfs.below("class/iommu/" + name);
    Optional<String> cap = iommu.text("intel-iommu/cap");
    if (cap.isPresent()) {
      return "{name: %s, model: vtd, cap: 0x%s, ecap: 0x%s, version: 0x%x}"
          .formatted(
              name,
              cap.get(),
              iommu.text("intel-iommu/ecap").orElse("0"),
              version(iommu.text("intel-iommu/version").orElse("1:0")));
    }
    Optional<String> features = iommu.text("amd-iommu/features");
    if (features.isPresent()) {
      String[] both = features.get().split(":", 2);
      String capability =
          iommu.text("amd-iommu/cap").map(text -> " cap: 0x" + text + ",").orElse("");
      return "{name: %s, model: amd,%s efr: 0x%s, efr2: 0x%s, address-bits: %d}"
          .formatted(name, capability, both[0], both.length > 1 ? both[1] : "0", addressBits(name));
    }
    return probe.apply(name).map(answer -> line(name, answer)).orElseGet(() -> unknownLine(name));
  }

  private String line(String name, IommuProbe.Answer answer) {
    return switch (answer.registers()) {
      case HwRegisters.SmmuV3 smmu ->
          "{name: %s, model: smmuv3, idr0: 0x%x, idr1: 0x%x, idr3: 0x%x, idr5: 0x%x, aidr: 0x%x, address-bits: %d}"
              .formatted(
                  name,
                  smmu.idr().get(0),
                  smmu.idr().get(1),
                  smmu.idr().get(3),
                  smmu.idr().get(5),
                  smmu.aidr(),
                  bits(answer.lastIova()));
      case HwRegisters.None _ ->
          "{name: %s, model: virtio, page-sizes: 0x%x, last-iova: 0x%x}"
              .formatted(name, -answer.alignment(), answer.lastIova());
      default -> unknownLine(name);
    };
  }

  private static int bits(long last) {
    return Long.SIZE - Long.numberOfLeadingZeros(last);
  }

  private String unknownLine(String name) {
    boolean arm = driver == IommuInstance.Driver.SMMUV3;
    unknown.add(
        "the registers of " + name + " are not shown: they are taken to be as in the lab's QEMU");
    return "{name: %s, preset: %s}".formatted(name, arm ? "smmuv3" : "virtio");
  }

  private static int version(String text) {
    String[] parts = text.split(":", 2);
    try {
      return Integer.parseInt(parts[0]) << 4 | Integer.parseInt(parts[parts.length - 1]);
    } catch (NumberFormatException e) {
      return 0x10;
    }
  }

  /**
   * {@code IVinfo} of the IVRS table, which root alone may read ({@code early_amd_iommu_init}).
   * Where the table has no features Linux takes four levels, whatever the register says later.
   */
  private int addressBits(String name) {
    byte[] table = sysfs.bytes("firmware/acpi/tables/IVRS");
    if (table.length >= TABLE_HEADER + 4) {
      int info = 0;
      for (int i = 0; i < 4; i++) {
        info |= (table[TABLE_HEADER + i] & 0xff) << (8 * i);
      }
      int said = info >> VASIZE_SHIFT & VASIZE;
      int most = said == 0 ? MOST_BITS : Math.clamp(said, FEWEST_BITS, MOST_BITS);
      return (info & FEATURES_IN_TABLE) != 0 ? most : Math.min(most, BITS_OF_FOUR_LEVELS);
    }
    Optional<IommuProbe.Answer> answer = probe.apply(name);
    if (answer.isPresent()) {
      return bits(answer.get().lastIova());
    }
    unknown.add("the width of IOVAs is not shown: it is taken to be 64 bits");
    return 64;
  }

  /** Reserved IOVAs that the IOMMU itself keeps from every function. */
  boolean keeps(long first) {
    Map<IommuInstance.Driver, List<Long>> kept =
        Map.of(
            IommuInstance.Driver.VTD, List.of(0xfee0_0000L),
            IommuInstance.Driver.AMD, List.of(0xfee0_0000L, 0xfd_0000_0000L),
            IommuInstance.Driver.VIRTIO, List.of(0xfee0_0000L),
            IommuInstance.Driver.SMMUV3, List.of(0x800_0000L));
    return kept.getOrDefault(driver, List.of()).contains(first);
  }
}
