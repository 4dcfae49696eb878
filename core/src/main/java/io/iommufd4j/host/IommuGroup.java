package io.iommufd4j.host;

import java.util.List;

/**
 * The devices that the IOMMU cannot tell apart and that therefore change domain together.
 *
 * @param number the group's number in {@code /sys/kernel/iommu_groups}
 * @param type the default domain's type: {@code DMA}, {@code DMA-FQ}, {@code identity}, {@code
 *     blocked} or {@code unknown}
 * @param members its PCI functions, in order
 * @param others names of members that are not PCI functions
 * @param reserved IOVAs that are reserved in it
 */
public record IommuGroup(
    int number,
    String type,
    List<PciAddress> members,
    List<String> others,
    List<ReservedRegion> reserved) {

  /** Copies the lists. */
  public IommuGroup {
    members = List.copyOf(members);
    others = List.copyOf(others);
    reserved = List.copyOf(reserved);
  }

  /** The other PCI functions: a replace through the given one moves these too. */
  public List<PciAddress> siblings(PciAddress device) {
    return members.stream().filter(member -> !member.equals(device)).toList();
  }
}
