// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu.hardware;

import io.iommufd4j.bindings.iommufd.iommufd_h;

/**
 * A device asks for a page that is not there ({@code struct iommu_fault_page_request}).
 *
 * @param flags {@code IOMMU_PGFAULT_FLAGS_*}
 * @param pasid whose page; counts only when a flag says so
 * @param groupId what the answer has to name
 * @param permissions {@code IOMMU_PGFAULT_PERM_*}
 * @param address IOVA
 */
public record PageRequest(int flags, int pasid, int groupId, int permissions, long address) {

  /** True if it is the last of its group, the one that the device waits for an answer to. */
  public boolean last() {
    return (flags & iommufd_h.IOMMU_PGFAULT_FLAGS_LAST_PAGE()) != 0;
  }

  /** True if it carries a PASID. */
  public boolean hasPasid() {
    return (flags & iommufd_h.IOMMU_PGFAULT_FLAGS_PASID_VALID()) != 0;
  }
}
