// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_PASID;

import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.hardware.PasidFeature;
import java.util.Set;

/**
 * AMD-Vi ({@code amd-iommu}). {@code amd_iommu_attach_device} detaches, then attaches; a domain
 * made for one IOMMU serves a device behind another that can walk it.
 */
public class AmdIommu extends ModelDriver {

  /** A driver that runs one IOMMU. */
  public AmdIommu(IommuUnit unit) {
    super("amd-iommu", unit, AttachStrategy.BLOCKING_WINDOW);
  }

  /** {@code pdev_enable_caps}: none. */
  @Override
  public Set<PasidFeature> pasidFeatures(IommuDevice device) {
    return Set.of();
  }

  /**
   * {@inheritDoc}
   *
   * <p>{@code amd_iommufd_get_viommu_size}: of every type. It takes a nesting parent to come to
   * anything, and hardware that can have one.
   */
  @Override
  public boolean virtualizes(IommuDevice device, int type) {
    return true;
  }

  /** Only a guest's table ({@code amdv2_ops}) has an operation for that. */
  @Override
  protected boolean attachesPasids(ModelDomain domain) {
    return (domain.flags() & IOMMU_HWPT_ALLOC_PASID()) != 0;
  }

  @Override
  boolean fits(IommuUnit unit, ModelDomain to) {
    return walks(unit, to);
  }
}
