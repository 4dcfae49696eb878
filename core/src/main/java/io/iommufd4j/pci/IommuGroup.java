// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The devices that the IOMMU cannot tell apart and that therefore change domain together.
 *
 * @param number the group's number in {@code /sys/kernel/iommu_groups}
 * @param name what the kernel calls it; most groups have none
 * @param type the default domain's type: {@code DMA}, {@code DMA-FQ}, {@code identity}, {@code
 *     blocked} or {@code unknown}
 * @param members its PCI functions, in order
 * @param others names of members that are not PCI functions
 * @param reserved IOVAs that are reserved in it
 * @param opened whether VFIO has a node for it that is not named {@code noiommu}
 */
public record IommuGroup(
    int number,
    Optional<String> name,
    String type,
    List<PciAddress> members,
    List<String> others,
    List<ReservedRegion> reserved,
    boolean opened) {

  /**
   * {@link #name} of a group that VFIO made: for a device that no IOMMU translates for, and for a
   * mediated one, which is no such device.
   */
  public static final String NO_IOMMU = "vfio-noiommu";

  /** Copies the lists. */
  public IommuGroup {
    members = List.copyOf(members);
    others = List.copyOf(others);
    reserved = List.copyOf(reserved);
  }

  /** {@return true if an IOMMU translates for it; if not, VFIO made the group, for one device} */
  public boolean translates() {
    return name.filter(NO_IOMMU::equals).isEmpty();
  }

  /**
   * {@return true if VFIO made it for a mediated device, whose driver does the DMA} The kernel
   * gives it the name of a group without an IOMMU, but its node has not that name.
   */
  public boolean emulated() {
    return !translates() && opened;
  }

  /**
   * {@return the other PCI functions: a replace through the given one moves these too}
   *
   * @param device the one left out
   */
  public List<PciAddress> siblings(PciAddress device) {
    return members.stream().filter(member -> !member.equals(device)).toList();
  }

  /**
   * {@return the reason why Linux gives no device of the group to user space: regions that the
   * firmware keeps mapped for it (RMRR, IVMD)} Empty for most.
   */
  public Optional<String> firmwareMapping() {
    String regions =
        reserved.stream()
            .filter(region -> region.type().equals("direct"))
            .map(ReservedRegion::toString)
            .collect(Collectors.joining(", "));
    return regions.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "the firmware keeps "
                + regions
                + " mapped for IOMMU group "
                + number
                + " (an RMRR or IVMD), and Linux lets nobody else translate for such a device");
  }
}
