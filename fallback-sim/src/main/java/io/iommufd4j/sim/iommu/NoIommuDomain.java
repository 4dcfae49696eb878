// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import org.jspecify.annotations.Nullable;

/** A page table that only software reads ({@code struct noiommu_domain}). */
final class NoIommuDomain extends PagingDomain {

  private static final long PAGE = 1L << 12;
  private static final long PHYSICAL_LIMIT = 1L << 52;

  /** A size that AMD's hardware gets wrong and Linux therefore leaves out of the format. */
  private static final long SIZE_LEFT_OUT = 1L << 39;

  NoIommuDomain(NoIommu owner) {
    super(
        DomainType.UNMANAGED,
        owner,
        // AMD's format has the most page sizes: all powers of two that a physical address has.
        new PageTable(0, -1, (PHYSICAL_LIMIT - PAGE) ^ SIZE_LEFT_OUT));
  }

  @Override
  public void map(long iova, long physical, long bytes, int protection, long largest) {
    if ((protection & (READ | WRITE)) == 0) {
      throw Refused.with(Errno.EINVAL);
    }
    super.map(iova, physical, bytes, protection, largest);
  }

  /** {@code attach_dev} is not there: no device of a driver can be attached. */
  @Override
  protected void attachDevice(IommuDevice device, @Nullable IommuDomain old) {
    throw Refused.with(Errno.EINVAL);
  }
}
