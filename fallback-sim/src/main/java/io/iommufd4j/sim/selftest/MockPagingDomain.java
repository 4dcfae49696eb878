// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.selftest;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.DomainType;
import io.iommufd4j.sim.iommu.PageTable;
import io.iommufd4j.sim.iommu.PagingDomain;
import io.iommufd4j.sim.lib.Refused;

/** A page table of the mock IOMMU ({@code struct mock_iommu_domain}). */
final class MockPagingDomain extends PagingDomain {

  private final boolean tracksDirty;
  private volatile boolean tracking;

  MockPagingDomain(MockIommu iommu, PageTable table, boolean tracksDirty) {
    super(DomainType.UNMANAGED, iommu, table);
    this.tracksDirty = tracksDirty;
  }

  @Override
  public void map(long iova, long physical, long bytes, int protection, long largest) {
    if ((protection & (READ | WRITE)) == 0) {
      throw Refused.with(Errno.EINVAL);
    }
    super.map(iova, physical, bytes, protection, largest);
  }

  @Override
  protected boolean attachesPasids() {
    return true;
  }

  @Override
  public boolean tracksDirty() {
    return tracksDirty;
  }

  /** True if dirty tracking is on ({@code MOCK_DIRTY_TRACK}). */
  boolean tracking() {
    return tracking;
  }

  @Override
  public void setDirtyTracking(boolean on) {
    super.setDirtyTracking(on);
    tracking = on;
  }
}
