package io.iommufd4j.sim.driver;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.lib.Refused;

/**
 * Blocks the device first and checks after, so that a refused attach leaves the device blocked. So
 * does Intel's VT-d ({@code intel_iommu_attach_device}). PASIDs are checked first.
 */
public class BlocksOnFailureDriver extends ModelDriver {

  /** A driver that runs one IOMMU. */
  public BlocksOnFailureDriver(String name, IommuUnit unit) {
    super(name, unit);
  }

  @Override
  protected boolean attachesPasids() {
    return true;
  }

  @Override
  public boolean allocatesNested() {
    return true;
  }

  @Override
  void attach(IommuDevice device, ModelDomain to) {
    device.steer(null);
    awaitFlush(device);
    requireFit(device, to);
    requireNoPageRequests(to);
    device.steer(to);
  }

  @Override
  void attachPasid(IommuDevice device, int pasid, ModelDomain to) {
    requireFit(device, to);
    requireNoPageRequests(to);
    super.attachPasid(device, pasid, to);
  }

  /** {@code intel_iommu_enable_iopf}: no function of these machines asks for pages. */
  private static void requireNoPageRequests(ModelDomain to) {
    if (to.pageRequestHandler() != null) {
      throw Refused.with(Errno.ENODEV);
    }
  }

  @Override
  boolean fits(IommuUnit unit, ModelDomain to) {
    return walks(unit, to);
  }
}
