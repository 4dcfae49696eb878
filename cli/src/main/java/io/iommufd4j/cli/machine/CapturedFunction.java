// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.machine;

import io.iommufd4j.pci.IommuGroup;
import io.iommufd4j.pci.PciDevice;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.StringJoiner;

/** A function of a host, as a machine file's. */
final class CapturedFunction {

  private static final String EDU = "1234:11e8";
  private static final int HEADER_TYPE = 0x0e;
  private static final int BRIDGE = 1;
  private static final int SECONDARY_BUS = 0x19;
  private static final int INTERRUPT_LINE = 0x3c;
  private static final int EXPRESS = 4096;

  /** The indents of fields, and of the text of one. */
  private static final int DEEP = 4;

  private static final String DEEPER = "      ";

  private final PciDevice device;
  private final Attributes attributes;
  private final CapturedRegisters registers;
  private final CapturedBars bars;
  private final List<PciDevice> virtual;
  private final List<Integer> virtualGroups;

  /**
   * One of a host.
   *
   * @param virtual the virtual functions of it that there are
   * @param virtualGroups the numbers of their groups; empty unless each has one alone
   */
  CapturedFunction(
      Attributes sysfs, PciDevice device, List<PciDevice> virtual, List<Integer> virtualGroups) {
    this.device = device;
    this.virtual = List.copyOf(virtual);
    this.virtualGroups = List.copyOf(virtualGroups);
    this.attributes = sysfs.below("bus/pci/devices/" + device.address());
    this.registers = new CapturedRegisters(attributes.bytes("config"));
    this.bars = new CapturedBars(attributes.text("resource").orElse(""));
  }

  PciDevice device() {
    return device;
  }

  /** True if more of its registers exist than were shown. */
  boolean shownInPart() {
    return registers.shown() < attributes.size("config");
  }

  /** The bus behind a bridge; empty for what leads nowhere. */
  Optional<String> bus() {
    int bus = registers.get(SECONDARY_BUS, 1);
    boolean leads = (registers.get(HEADER_TYPE, 1) & 0x7f) == BRIDGE && bus != 0;
    return leads
        ? Optional.of("%04x:%02x".formatted(device.address().domain(), bus))
        : Optional.empty();
  }

  /**
   * The lines of the file.
   *
   * @param iommus of the machine
   * @param group its group; empty for none
   * @param first whether it is the first of that, which gets the group's reserved IOVAs
   */
  String lines(CapturedIommus iommus, Optional<IommuGroup> group, boolean first) {
    var lines = new StringJoiner("\n    ", "  - ", "\n");
    lines.add("at: " + device.address());
    boolean edu = device.ids().equals(EDU);
    if (edu) {
      lines.add("kind: edu");
      int line = registers.get(INTERRUPT_LINE, 1);
      // Without firmware Linux gives a function its IRQ when it gets a driver.
      if (line != 0) {
        lines.add("irq: " + line);
      }
      if (bars.firstBase() != 0) {
        lines.add("bars: [{bar: 0, base: 0x%x}]".formatted(bars.firstBase()));
      }
    }
    group.filter(IommuGroup::translates).ifPresent(its -> lines.add("group: " + its.number()));
    iommus.of(device).ifPresent(its -> lines.add("iommu: " + its));
    lines.add("driver: " + device.driver().orElse("none"));
    device.driverOverride().ifPresent(name -> lines.add("override: " + name));
    if (first) {
      group
          .map(its -> reserved(iommus, its))
          .filter(list -> !list.isEmpty())
          .ifPresent(list -> {
            lines.add("reserved: [" + String.join(", ", list) + "]");
          });
    }
    if (!edu) {
      described(lines);
    }
    return lines.toString();
  }

  private static List<String> reserved(CapturedIommus iommus, IommuGroup group) {
    return group.reserved().stream()
        .filter(region -> !iommus.keeps(region.first()))
        .map(region ->
            "{first: 0x%x, last: 0x%x, type: %s}"
                .formatted(region.first(), region.last(), region.type().toLowerCase(Locale.ROOT)))
        .toList();
  }

  private void described(StringJoiner lines) {
    if (!bars.own().isEmpty()) {
      lines.add("bars: [" + String.join(", ", bars.own()) + "]");
    }
    boolean express = attributes.size("config") >= EXPRESS;
    if (express) {
      virtualFunctions().ifPresent(lines::add);
      lines.add("config-size: 4096");
    }
    lines.add("config: |");
    lines.add(registers.dump(DEEPER).stripTrailing().substring(DEEP));
  }

  /** The virtual functions that there are, their driver where all have the same, their groups. */
  private String enabled() {
    if (virtual.isEmpty()) {
      return "";
    }
    List<String> drivers =
        virtual.stream().map(its -> its.driver().orElse("none")).distinct().toList();
    return ", enabled: %d%s%s"
        .formatted(
            virtual.size(),
            drivers.size() == 1 ? ", driver: " + drivers.getFirst() : "",
            virtualGroups.isEmpty() ? "" : ", groups: " + virtualGroups);
  }

  private Optional<String> virtualFunctions() {
    Optional<Integer> shown = number("sriov_totalvfs", 10).filter(total -> total > 0);
    int total = Math.max(registers.totalVirtualFunctions(), shown.orElse(0));
    Optional<Integer> offset = number("sriov_offset", 10).filter(distance -> distance > 0);
    if (total == 0 || offset.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        "virtual-functions: {total: %d, offset: %d, stride: %d, device: 0x%x, bars: [%s]%s}"
            .formatted(
                total,
                offset.get(),
                Math.max(1, number("sriov_stride", 10).orElse(1)),
                number("sriov_vf_device", 16).orElse(0),
                String.join(", ", bars.virtual(total)),
                enabled()));
  }

  private Optional<Integer> number(String path, int radix) {
    return attributes
        .text(path)
        .map(text -> {
          try {
            return Integer.parseInt(text, radix);
          } catch (NumberFormatException e) {
            return 0;
          }
        });
  }
}
