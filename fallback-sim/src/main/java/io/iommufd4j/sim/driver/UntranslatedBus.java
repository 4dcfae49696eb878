// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

import io.iommufd4j.sim.iommu.DomainType;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.IommuDomain;
import io.iommufd4j.sim.iommu.IommuDriver;
import io.iommufd4j.sim.mm.UserMemory;
import org.jspecify.annotations.Nullable;

/**
 * The bus of a machine without an IOMMU: DMA uses the machine's own addresses. Nothing is attached
 * or changed here, and nothing keeps a device from memory that is not its user's; only memory that
 * this process does not use for the simulated machine is out of reach.
 */
public final class UntranslatedBus extends IommuDomain {

  private final UserMemory memory;

  /** The bus of a machine. */
  public UntranslatedBus(IommuDriver none, UserMemory memory) {
    super(DomainType.IDENTITY, none);
    this.memory = memory;
  }

  @Override
  protected void attachDevice(IommuDevice device, @Nullable IommuDomain old) {
    device.steer(this);
  }

  @Override
  public long translate(long iova, boolean write) {
    long physical = memory.physicalAddress(iova);
    return physical < 0 ? FAULT : physical;
  }
}
