// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

import io.iommufd4j.sim.iommu.DomainType;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.IommuDomain;
import org.jspecify.annotations.Nullable;

/** DMA goes where it says, untranslated: the default of groups whose type is {@code identity}. */
final class IdentityDomain extends IommuDomain {

  private final ModelDriver model;

  IdentityDomain(ModelDriver model) {
    super(DomainType.IDENTITY, model);
    this.model = model;
  }

  @Override
  protected void attachDevice(IommuDevice device, @Nullable IommuDomain old) {
    model.steer(device, this);
  }

  @Override
  public long translate(long iova, boolean write) {
    return iova;
  }
}
