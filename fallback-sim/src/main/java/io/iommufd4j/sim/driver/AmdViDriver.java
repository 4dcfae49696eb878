package io.iommufd4j.sim.driver;

import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.hardware.PasidFeature;
import java.util.Set;

/** AMD-Vi without a guest's page tables, as QEMU has it ({@code amd_iommu}). */
public final class AmdViDriver extends BlockingWindowDriver {

  /** A driver that runs one AMD-Vi. */
  public AmdViDriver(String name, IommuUnit unit) {
    super(name, unit, true, true);
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
}
