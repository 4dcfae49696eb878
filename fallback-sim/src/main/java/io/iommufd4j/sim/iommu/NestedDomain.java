// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;

/** A guest's page table on top of a nesting parent ({@code IOMMU_DOMAIN_NESTED}). */
public abstract class NestedDomain extends IommuDomain {

  protected NestedDomain(IommuDriver driver) {
    super(DomainType.NESTED, driver);
  }

  /**
   * {@code cache_invalidate_user}: drops what hardware has cached of the guest's table. Counts in
   * the array what it has carried out.
   *
   * @throws Refused EOPNOTSUPP when the driver has no such operation, else as it answers
   */
  public void invalidate(UserDataArray requests) {
    throw Refused.with(Errno.EOPNOTSUPP);
  }
}
