// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_PASID;

import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.hardware.HardwareInfo;
import io.iommufd4j.sim.iommu.hardware.PasidFeature;
import io.iommufd4j.sim.lib.Behavior;
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
   * <p>Linux 6.12 asks for {@code domain_alloc_user}, which makes paging domains too; no domain
   * here is a nesting parent then.
   */
  @Override
  public boolean allocatesNested() {
    return !has(Behavior.NESTING_OF_AMD);
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
  boolean serves(IommuUnit unit, int flags) {
    return super.serves(unit, flags)
        && (has(Behavior.NESTING_OF_AMD) || (flags & IOMMU_HWPT_ALLOC_NEST_PARENT()) == 0);
  }

  @Override
  HardwareInfo info(IommuUnit unit) {
    return has(Behavior.NESTING_OF_AMD) ? super.info(unit) : HardwareInfo.NONE;
  }

  /** {@inheritDoc} Linux 6.12 lets a table grow to six levels ({@code dma_max_address}). */
  @Override
  long apertureLast(IommuUnit unit, int flags) {
    return has(Behavior.WIDTH_OF_AMD_TABLES) ? super.apertureLast(unit, flags) : -1;
  }

  /** {@inheritDoc} Of Linux 6.12 {@code AMD_IOMMU_PGSIZES}. */
  @Override
  long pageSizes(IommuUnit unit, int flags) {
    return has(Behavior.WIDTH_OF_AMD_TABLES)
        ? super.pageSizes(unit, flags)
        : AmdRegisters.ALL_PAGE_SIZES;
  }

  @Override
  boolean fits(IommuUnit unit, ModelDomain to) {
    return walks(unit, to);
  }
}
