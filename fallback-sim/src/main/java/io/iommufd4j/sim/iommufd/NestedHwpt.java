// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.IommuDriver;
import io.iommufd4j.sim.iommu.NestedDomain;
import io.iommufd4j.sim.iommu.UserData;
import io.iommufd4j.sim.iommu.ViommuOps;
import io.iommufd4j.sim.lib.Refused;

/**
 * A guest's page table, on top of the HWPT that holds the guest's memory ({@code struct
 * iommufd_hwpt_nested}).
 */
public final class NestedHwpt extends Hwpt {

  private static final int FLAGS =
      iommufd_h.IOMMU_HWPT_FAULT_ID_VALID() | iommufd_h.IOMMU_HWPT_ALLOC_PASID();

  private final PagingHwpt parent;

  /** The object that it needs: the vIOMMU that it was made on, or else the parent. */
  private final IommufdObject needed;

  private final NestedDomain domain;

  private NestedHwpt(
      ObjectTable objects,
      PagingHwpt parent,
      IommufdObject needed,
      NestedDomain domain,
      int flags) {
    super(objects, (flags & iommufd_h.IOMMU_HWPT_ALLOC_PASID()) != 0);
    this.parent = parent;
    this.needed = needed;
    this.domain = domain;
  }

  /**
   * {@code iommufd_hwpt_nested_alloc}: on a nesting parent.
   *
   * @throws Refused EOPNOTSUPP for unknown flags, no data or a driver that does not nest, EINVAL
   *     for an automatic HWPT, one that was not made to be a parent or another driver's; else as
   *     the driver answers
   */
  public static NestedHwpt alloc(
      PagingHwpt parent, IommuDevice hardware, int flags, UserData data) {
    IommuDriver driver = hardware.driver();
    requireSupported(flags, data);
    if (!driver.allocatesNested()) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    if (parent.automatic || !parent.nestParent || parent.domain().driver() != driver) {
      throw Refused.with(Errno.EINVAL);
    }
    NestedDomain domain = driver.allocNested(hardware, parent.domain(), driverFlags(flags), data);
    return reserve(parent, parent, domain, flags);
  }

  /**
   * {@code iommufd_viommu_alloc_hwpt_nested}: on a vIOMMU.
   *
   * @param parent the guest's memory
   * @param viommu that it needs from now on
   * @param ops the driver's part of that
   * @throws Refused EOPNOTSUPP for unknown flags, no data or a driver that does not nest; else as
   *     the driver answers
   */
  public static NestedHwpt alloc(
      PagingHwpt parent, IommufdObject viommu, ViommuOps ops, int flags, UserData data) {
    requireSupported(flags, data);
    return reserve(parent, viommu, ops.allocNested(driverFlags(flags), data), flags);
  }

  private static NestedHwpt reserve(
      PagingHwpt parent, IommufdObject needed, NestedDomain domain, int flags) {
    ObjectTable objects = parent.objects();
    try {
      objects.faults().alloc(); // The domain.
      NestedHwpt hwpt =
          objects.reserve(() -> new NestedHwpt(objects, parent, needed, domain, flags));
      objects.addUsers(needed, 1);
      return hwpt;
    } catch (Refused refused) {
      domain.dispose();
      throw refused;
    }
  }

  private static void requireSupported(int flags, UserData data) {
    if ((flags & ~FLAGS) != 0 || data.length() == 0) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
  }

  private static int driverFlags(int flags) {
    return flags & ~iommufd_h.IOMMU_HWPT_FAULT_ID_VALID();
  }

  @Override
  public NestedDomain domain() {
    return domain;
  }

  @Override
  PagingHwpt paging() {
    return parent;
  }

  @Override
  protected void destroy() {
    freeDomain();
    objects().removeUsers(needed, 1);
  }
}
