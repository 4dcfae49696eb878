// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.uapi;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import java.util.Set;

/** A use that a HWPT is allocated for ({@code enum iommufd_hwpt_alloc_flags}). */
public enum HwptFlag {
  /**
   * It can be the parent of a nested HWPT. {@code EOPNOTSUPP} where the IOMMU cannot nest ({@code
   * IOMMU_HWPT_ALLOC_NEST_PARENT}).
   */
  NEST_PARENT(iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT()),
  /**
   * It tracks the pages that DMA writes. {@code EOPNOTSUPP} where the IOMMU cannot; a device whose
   * IOMMU cannot is refused at attach ({@code IOMMU_HWPT_ALLOC_DIRTY_TRACKING}).
   */
  DIRTY_TRACKING(iommufd_h.IOMMU_HWPT_ALLOC_DIRTY_TRACKING()),
  /**
   * It can be attached to a PASID. {@code EOPNOTSUPP} where the IOMMU has none ({@code
   * IOMMU_HWPT_ALLOC_PASID}).
   */
  PASID(iommufd_h.IOMMU_HWPT_ALLOC_PASID());

  private final int bit;

  HwptFlag(int bit) {
    this.bit = bit;
  }

  /** {@return the bit of {@code enum iommufd_hwpt_alloc_flags}} */
  public int bit() {
    return bit;
  }

  /**
   * {@return the bits of several flags, as {@code IOMMU_HWPT_ALLOC} takes them; 0 for none}
   *
   * @param flags may be empty
   */
  public static int bits(Set<HwptFlag> flags) {
    int bits = 0;
    for (HwptFlag flag : flags) {
      bits |= flag.bit;
    }
    return bits;
  }
}
