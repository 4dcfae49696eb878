// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.data;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import java.util.EnumSet;
import java.util.Set;

/**
 * A capability of the IOMMU for a device, beyond its kind ({@code enum iommufd_hw_capabilities}).
 */
public enum HwCapability {
  /** It can track the pages that DMA writes. */
  DIRTY_TRACKING(iommufd_h.IOMMU_HW_CAP_DIRTY_TRACKING()),
  /** PASIDs carry execute permission. Means nothing without PASIDs. */
  PASID_EXECUTE(iommufd_h.IOMMU_HW_CAP_PCI_PASID_EXEC()),
  /** PASIDs carry privileged mode. Means nothing without PASIDs. */
  PASID_PRIVILEGED(iommufd_h.IOMMU_HW_CAP_PCI_PASID_PRIV()),
  /** The device has no address translation service, or may not use it. */
  ATS_NOT_SUPPORTED(iommufd_h.IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED());

  private final long bit;

  HwCapability(int bit) {
    this.bit = bit;
  }

  /**
   * {@return the capabilities whose bits are set; bits that this version does not know are left
   * out}
   *
   * @param bits {@code out_capabilities} of {@code IOMMU_GET_HW_INFO}
   */
  public static Set<HwCapability> of(long bits) {
    var set = EnumSet.noneOf(HwCapability.class);
    for (HwCapability capability : values()) {
      if ((bits & capability.bit) != 0) {
        set.add(capability);
      }
    }
    return set;
  }
}
