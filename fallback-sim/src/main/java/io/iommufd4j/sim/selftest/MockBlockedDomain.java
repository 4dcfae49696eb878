// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.selftest;

import io.iommufd4j.sim.iommu.DomainType;
import io.iommufd4j.sim.iommu.IommuDomain;
import io.iommufd4j.sim.iommu.IommuDriver;

/** The domain that blocks all DMA of a mock device ({@code mock_blocking_domain}). */
final class MockBlockedDomain extends IommuDomain {

  MockBlockedDomain(IommuDriver iommu) {
    super(DomainType.BLOCKED, iommu);
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
