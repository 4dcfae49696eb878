package io.iommufd4j.sim.iommu;

import io.iommufd4j.sim.lib.Refused;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An IOMMU driver ({@code struct iommu_ops}). */
public interface IommuDriver {

  /** As it stands in sysfs and in messages, as {@code intel-iommu}. */
  String name();

  /** The domain that aborts all DMA; null makes the core use an empty paging domain instead. */
  @Nullable IommuDomain blockedDomain();

  /** The domain that a group starts in and returns to when nobody owns it. */
  IommuDomain allocDefault(IommuDevice device);

  /**
   * A domain with a page table ({@code domain_alloc_paging_flags}).
   *
   * @param flags {@code IOMMU_HWPT_ALLOC_*}
   * @throws Refused EOPNOTSUPP for flags the hardware or driver cannot serve; others as the driver
   *     answers
   */
  PagingDomain allocPaging(IommuDevice device, int flags);

  /**
   * Whether {@link #allocPaging} takes flags at all ({@code domain_alloc_paging_flags} rather than
   * {@code domain_alloc_paging}).
   */
  default boolean allocatesWithFlags() {
    return true;
  }

  /** Whether it makes domains on top of a parent's ({@code domain_alloc_nested}). */
  default boolean allocatesNested() {
    return false;
  }

  /** {@code capable}. */
  boolean capable(IommuDevice device, Capability capability);

  /** The IOVAs that a device cannot use ({@code get_resv_regions}). */
  List<ReservedRegion> reservedRegions(IommuDevice device);

  /**
   * What hardware tells about itself ({@code hw_info}).
   *
   * @param type an {@code enum iommu_hw_info_type} to ask for, or the default type
   * @throws Refused EOPNOTSUPP for a type that this hardware is not
   */
  HardwareInfo hardwareInfo(IommuDevice device, int type);
}
