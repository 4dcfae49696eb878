// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.hardware.Capability;
import io.iommufd4j.sim.iommu.hardware.HardwareInfo;
import io.iommufd4j.sim.iommu.hardware.PageRequest;
import io.iommufd4j.sim.iommu.hardware.PasidFeature;
import io.iommufd4j.sim.iommu.hardware.ReservedRegion;
import io.iommufd4j.sim.lib.Refused;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** An IOMMU driver ({@code struct iommu_ops}). */
public interface IommuDriver {

  /** As it stands in sysfs and in messages, as {@code intel-iommu}. */
  String name();

  /** The domain that aborts all DMA; null makes the core use an empty paging domain instead. */
  @Nullable IommuDomain blockedDomain();

  /**
   * True if there is an IOMMU at all ({@code dev->iommu}): without one, DMA uses physical
   * addresses, and domains are page tables that only software reads.
   */
  default boolean translates() {
    return true;
  }

  /**
   * The domain that a group starts in and returns to when nobody owns it; null where nothing
   * translates.
   */
  @Nullable IommuDomain allocDefault(IommuDevice device);

  /**
   * A domain with a page table ({@code domain_alloc_paging_flags}).
   *
   * @param flags {@code IOMMU_HWPT_ALLOC_*}
   * @throws Refused EOPNOTSUPP for flags the hardware or driver cannot serve; others as the driver
   *     answers
   */
  PagingDomain allocPaging(IommuDevice device, int flags);

  /**
   * {@link #allocPaging(IommuDevice, int)} for a user who says more than flags can.
   *
   * @param data null for none
   * @throws Refused EOPNOTSUPP when the driver knows no such data; others as the driver answers
   */
  default PagingDomain allocPaging(IommuDevice device, int flags, @Nullable UserData data) {
    if (data != null) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    return allocPaging(device, flags);
  }

  /**
   * True if {@link #allocPaging} takes flags at all ({@code domain_alloc_paging_flags} rather than
   * {@code domain_alloc_paging}).
   */
  default boolean allocatesWithFlags() {
    return true;
  }

  /** True if it makes domains nested on a parent ({@code domain_alloc_nested}). */
  default boolean allocatesNested() {
    return false;
  }

  /**
   * A guest's page table on top of a parent ({@code domain_alloc_nested}), where {@link
   * #allocatesNested} says that there is such an operation.
   *
   * @param flags {@code IOMMU_HWPT_ALLOC_*}, the fault queue's apart
   * @throws Refused as the driver answers
   */
  default NestedDomain allocNested(
      IommuDevice device, PagingDomain parent, int flags, UserData data) {
    throw Refused.with(Errno.EOPNOTSUPP);
  }

  /** The IOMMU that a device sits behind ({@code struct iommu_device}), by identity. */
  default Object instance(IommuDevice device) {
    return this;
  }

  /**
   * True if a device's IOMMU can be virtualized for a guest ({@code get_viommu_size}).
   *
   * @param type {@code enum iommu_viommu_type}
   */
  default boolean virtualizes(IommuDevice device, int type) {
    return false;
  }

  /**
   * {@code viommu_init}, where {@link #virtualizes} says yes.
   *
   * @param core what iommufd does for the virtual IOMMU; it holds no devices yet
   * @param parent the guest's memory
   * @param data null for none
   * @throws Refused as the driver answers
   */
  default ViommuOps initViommu(
      ViommuCore core, IommuDevice device, int type, PagingDomain parent, @Nullable UserData data) {
    throw Refused.with(Errno.EOPNOTSUPP);
  }

  /**
   * The features of a device's PASID capability that the driver has enabled ({@code
   * pci_enable_pasid}).
   */
  default Set<PasidFeature> pasidFeatures(IommuDevice device) {
    return device.pasidFeatures();
  }

  /** True if a guest can have a PASID table of its own ({@code user_pasid_table}). */
  default boolean userPasidTables() {
    return false;
  }

  /**
   * {@code page_response}: the answer to a group of page requests.
   *
   * @param last of the group
   * @param code {@code IOMMUFD_PAGE_RESP_*}
   */
  default void pageResponse(IommuDevice device, PageRequest last, int code) {}

  /**
   * {@code attach_dev} of every domain of this driver that has none of its own.
   *
   * @throws Refused as {@link IommuDomain#attachDevice}
   */
  default void attach(IommuDevice device, IommuDomain to, @Nullable IommuDomain old) {
    throw Refused.with(Errno.EOPNOTSUPP);
  }

  /**
   * {@code set_dev_pasid} of every domain of this driver that has none of its own.
   *
   * @throws Refused as {@link IommuDomain#attachPasid}
   */
  default void attachPasid(
      IommuDevice device, int pasid, IommuDomain to, @Nullable IommuDomain old) {
    throw Refused.with(Errno.EOPNOTSUPP);
  }

  /** {@code capable}. */
  boolean capable(IommuDevice device, Capability capability);

  /** The IOVAs that a device cannot use ({@code get_resv_regions}). */
  List<ReservedRegion> reservedRegions(IommuDevice device);

  /**
   * The hardware's description of itself ({@code hw_info}).
   *
   * @param type an {@code enum iommu_hw_info_type} to ask for, or the default type
   * @throws Refused EOPNOTSUPP for a type that this hardware is not
   */
  HardwareInfo hardwareInfo(IommuDevice device, int type);
}
