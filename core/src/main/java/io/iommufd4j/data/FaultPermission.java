// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.data;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import java.util.EnumSet;
import java.util.Set;

/** A right that a device asks for with a page ({@code enum iommu_hwpt_pgfault_perm}). */
public enum FaultPermission {
  /** To read. */
  READ(iommufd_h.IOMMU_PGFAULT_PERM_READ()),
  /** To write. */
  WRITE(iommufd_h.IOMMU_PGFAULT_PERM_WRITE()),
  /** To execute; with a PASID alone. */
  EXECUTE(iommufd_h.IOMMU_PGFAULT_PERM_EXEC()),
  /** Of privileged mode; with a PASID alone. */
  PRIVILEGED(iommufd_h.IOMMU_PGFAULT_PERM_PRIV());

  private final int bit;

  FaultPermission(int bit) {
    this.bit = bit;
  }

  static Set<FaultPermission> of(int bits) {
    var set = EnumSet.noneOf(FaultPermission.class);
    for (FaultPermission permission : values()) {
      if ((bits & permission.bit) != 0) {
        set.add(permission);
      }
    }
    return set;
  }
}
