// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.data;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import java.util.Set;

/** An attribute of a first-stage page table of VT-d ({@code enum iommu_hwpt_vtd_s1_flags}). */
public enum VtdFirstStageFlag {
  /** Requests of a supervisor are translated, too ({@code IOMMU_VTD_S1_SRE}). */
  SUPERVISOR_REQUESTS(iommufd_h.IOMMU_VTD_S1_SRE()),
  /** The extended-accessed flag is in use ({@code IOMMU_VTD_S1_EAFE}). */
  EXTENDED_ACCESSED(iommufd_h.IOMMU_VTD_S1_EAFE()),
  /** A supervisor, too, cannot write to read-only pages ({@code IOMMU_VTD_S1_WPE}). */
  WRITE_PROTECT(iommufd_h.IOMMU_VTD_S1_WPE());

  private final long bit;

  VtdFirstStageFlag(int bit) {
    this.bit = bit;
  }

  static long bits(Set<VtdFirstStageFlag> flags) {
    long bits = 0;
    for (VtdFirstStageFlag flag : flags) {
      bits |= flag.bit;
    }
    return bits;
  }
}
