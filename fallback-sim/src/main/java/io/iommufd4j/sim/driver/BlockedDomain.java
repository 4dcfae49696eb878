// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

import io.iommufd4j.sim.iommu.DomainType;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.IommuDomain;
import io.iommufd4j.sim.iommu.IommuDriver;
import org.jspecify.annotations.Nullable;

/** Aborts every transaction. A driver has one for all devices, and attaching to it cannot fail. */
final class BlockedDomain extends IommuDomain {

  BlockedDomain(IommuDriver driver) {
    super(DomainType.BLOCKED, driver);
  }

  @Override
  protected void attachDevice(IommuDevice device, @Nullable IommuDomain old) {
    device.steer(null);
  }

  @Override
  protected void attachPasid(IommuDevice device, int pasid, @Nullable IommuDomain old) {
    device.steerPasid(pasid, null);
  }

  @Override
  protected boolean attachesPasids() {
    return true;
  }

  @Override
  public long translate(long iova, boolean write) {
    return FAULT;
  }

  @Override
  public long contiguous(long iova) {
    return 0;
  }
}
