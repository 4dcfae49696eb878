// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential;

import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.IommuGroup;
import io.iommufd4j.pci.IommuInstance;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.PciDevice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The devices that tests may use: QEMU's {@code edu} functions whose groups hold nothing else, and
 * for which the firmware keeps no memory.
 *
 * @param iommu the IOMMU's kind: {@code vtd}, {@code vtd-scalable}, {@code amd}, {@code virtio},
 *     {@code smmuv3}, or {@code noiommu} where there is none
 * @param pair two functions that form one group; none without an IOMMU, which alone makes groups
 * @param lone functions that have a group of their own, at least two unless the firmware keeps
 *     memory for one
 */
public record MachineUnderTest(String iommu, List<PciAddress> pair, List<PciAddress> lone) {

  /** {@link #iommu} of a machine that has none. */
  public static final String NO_IOMMU = "noiommu";

  private static final String EDU = "1234:11e8";

  /** {@code SMTS} and {@code FLTS} of VT-d's {@code ECAP_REG}: scalable mode, the first stage. */
  private static final long SCALABLE = 1L << 43 | 1L << 47;

  /** Copies the lists. */
  public MachineUnderTest {
    pair = List.copyOf(pair);
    lone = List.copyOf(lone);
    if (pair.size() != (iommu.equals(NO_IOMMU) ? 0 : 2) || lone.isEmpty()) {
      throw new IllegalStateException(
          "the tests take a group of two edu functions and two of one, not " + pair + lone);
    }
  }

  /** Every device tests may use. */
  public List<PciAddress> all() {
    return Stream.concat(pair.stream(), lone.stream()).toList();
  }

  /** The first of the IOVAs that every device here reserves: the window of message interrupts. */
  public long reservedIova() {
    return iommu.equals("smmuv3") ? 0x800_0000 : 0xfee0_0000L;
  }

  /** All edu functions of a host. */
  static List<PciAddress> edus(Host host) {
    return host.devices().stream()
        .filter(device -> device.ids().equals(EDU))
        .map(PciDevice::address)
        .toList();
  }

  /** The devices of a host, whose kernel may be a simulated one. */
  public static MachineUnderTest of(Host host) {
    List<PciDevice> edus = host.devices().stream().filter(d -> d.ids().equals(EDU)).toList();
    if (edus.stream().allMatch(device -> device.iommu().isEmpty())) {
      // What groups there are is VFIO's doing, and each has one device.
      return new MachineUnderTest(
          NO_IOMMU, List.of(), edus.stream().map(PciDevice::address).toList());
    }
    var groups =
        host.groups().stream()
            .filter(group -> group.others().isEmpty())
            .filter(group -> group.members().stream().allMatch(member -> edu(host, member)))
            .map(IommuGroup::members)
            .filter(members -> !members.isEmpty())
            .sorted(Comparator.comparing(List::getFirst))
            .toList();
    List<PciAddress> lone = groups.stream().filter(g -> g.size() == 1).map(List::getFirst).toList();
    if (lone.size() < 2) {
      throw new IllegalStateException("the tests take two edu functions that are alone: " + lone);
    }
    return new MachineUnderTest(
        kind(host, edus.getFirst()),
        groups.stream().filter(g -> g.size() == 2).findFirst().orElse(List.of()),
        lone.stream().filter(address -> !keepsMemory(host, address)).toList());
  }

  private static boolean keepsMemory(Host host, PciAddress address) {
    return host.groupOf(host.device(address)).orElseThrow().reserved().stream()
        .anyMatch(region -> region.type().equals("direct"));
  }

  private static boolean edu(Host host, PciAddress address) {
    return host.device(address).ids().equals(EDU);
  }

  private static String kind(Host host, PciDevice device) {
    IommuInstance iommu = device.iommu().orElseThrow();
    return switch (iommu.driver()) {
      case VTD -> scalable(host, iommu) ? "vtd-scalable" : "vtd";
      case AMD -> "amd";
      case VIRTIO -> "virtio";
      case SMMUV3 -> "smmuv3";
      default -> throw new IllegalStateException("no tests for " + iommu);
    };
  }

  private static boolean scalable(Host host, IommuInstance iommu) {
    Path register = host.sysfs().resolve("class/iommu", iommu.name(), "intel-iommu/ecap");
    try {
      long extended = Long.parseUnsignedLong(Files.readString(register).strip(), 16);
      return (extended & SCALABLE) == SCALABLE;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
