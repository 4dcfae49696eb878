// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio.type1;

import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.iommu.PagingDomain;
import java.util.ArrayList;
import java.util.List;

/**
 * A domain of a container and the groups in it ({@code struct vfio_domain}).
 *
 * @param enforcesCoherency whether DMA snoops caches whatever a device asks
 * @param groups in the order they came
 */
record Type1Domain(PagingDomain domain, boolean enforcesCoherency, List<IommuGroup> groups) {

  static Type1Domain of(PagingDomain domain) {
    return new Type1Domain(domain, domain.enforceCacheCoherency(), new ArrayList<>());
  }

  /** True if groups of another domain can be in this one instead. */
  boolean suits(Type1Domain other) {
    return domain.driver() == other.domain.driver() && enforcesCoherency == other.enforcesCoherency;
  }
}
