package io.iommufd4j.sim.driver;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.IommuDomain;
import io.iommufd4j.sim.lib.Refused;

/**
 * Checks first, then changes the device's entry in one store: DMA sees the old domain until that
 * store and the new one from it on. So does ARM's SMMUv3 ({@code arm_smmu_attach_dev}), whose
 * stream table entries are rewritten without ever being invalid. A refused attach changes nothing.
 */
public class HitlessDriver extends ModelDriver {

  /** A driver that runs one IOMMU. */
  public HitlessDriver(String name, IommuUnit unit) {
    super(name, unit);
  }

  @Override
  protected boolean attachesPasids() {
    return true;
  }

  @Override
  void attach(IommuDevice device, ModelDomain to) {
    requireFit(device, to);
    steer(device, to);
  }

  @Override
  void attachPasid(IommuDevice device, int pasid, ModelDomain to) {
    // A nesting parent is a second stage, and PASIDs select among first stages.
    if ((to.flags() & IOMMU_HWPT_ALLOC_NEST_PARENT()) != 0) {
      throw Refused.with(Errno.EINVAL);
    }
    super.attachPasid(device, pasid, to);
  }

  @Override
  void steer(IommuDevice device, IommuDomain to) {
    device.steer(to);
  }

  /** Address space ids are handed out for each SMMU, so a domain never serves two. */
  @Override
  boolean fits(IommuUnit unit, ModelDomain to) {
    return unit.equals(to.unit());
  }
}
