// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.machine;

import io.iommufd4j.pci.IommuInstance;
import io.iommufd4j.pci.PciDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** The IOMMUs that translate for a host's functions, as a machine file's. */
final class CapturedIommus {

  private static final int TABLE_HEADER = 36;
  private static final int VASIZE_SHIFT = 15;
  private static final int VASIZE = 0x7f;

  private final Attributes sysfs;
  private final List<String> names;
  private final List<String> lines = new ArrayList<>();
  private final List<String> unknown = new ArrayList<>();
  private final IommuInstance.Driver driver;

  CapturedIommus(Attributes sysfs, List<PciDevice> devices) {
    this.sysfs = sysfs;
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
      return "{name: %s, model: amd, efr: 0x%s, efr2: 0x%s, address-bits: %d}"
          .formatted(name, both[0], both.length > 1 ? both[1] : "0", addressBits());
    }
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

  /** {@code IVinfo} of the IVRS table, which root alone may read. */
  private int addressBits() {
    byte[] table = sysfs.bytes("firmware/acpi/tables/IVRS");
    if (table.length >= TABLE_HEADER + 4) {
      int info = 0;
      for (int i = 0; i < 4; i++) {
        info |= (table[TABLE_HEADER + i] & 0xff) << (8 * i);
      }
      return info >> VASIZE_SHIFT & VASIZE;
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
