package io.iommufd4j.sim.driver;

import io.iommufd4j.sim.iommu.hardware.Capability;
import io.iommufd4j.sim.iommu.hardware.HardwareInfo;
import io.iommufd4j.sim.iommu.hardware.ReservedRegion;
import java.util.List;
import java.util.Set;

/**
 * One IOMMU of a machine, as its registers describe it. A driver may run several, and they need not
 * be alike.
 *
 * @param name as {@code /sys/class/iommu} names it, as {@code dmar0}
 * @param apertureLast inclusive last IOVA that its page tables reach; the first is 0
 * @param pageSizes a bit for each page size
 * @param domainFlags the sets of {@code IOMMU_HWPT_ALLOC_*} flags it can serve, each set one number
 * @param capabilities what it can do for any device
 * @param reserved the IOVAs that no device behind it can use
 * @param info what it tells through {@code IOMMU_GET_HW_INFO}
 */
public record IommuUnit(
    String name,
    long apertureLast,
    long pageSizes,
    Set<Integer> domainFlags,
    Set<Capability> capabilities,
    List<ReservedRegion> reserved,
    HardwareInfo info) {

  /** Copies what could change. */
  public IommuUnit {
    domainFlags = Set.copyOf(domainFlags);
    capabilities = Set.copyOf(capabilities);
    reserved = List.copyOf(reserved);
  }

  /** The same IOMMU with narrower page tables. */
  public IommuUnit withAperture(String otherName, long last) {
    return new IommuUnit(otherName, last, pageSizes, domainFlags, capabilities, reserved, info);
  }
}
