// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.data;

import java.util.Set;

/**
 * The capabilities of the IOMMU before a device ({@code struct iommu_hw_info}).
 *
 * @param type {@code enum iommu_hw_info_type}
 * @param maxPasidLog2 width of a PASID in bits; 0 without PASIDs
 * @param capabilities what it offers beyond its kind
 * @param registers what the driver reports of the hardware
 */
public record HwInfo(
    int type, int maxPasidLog2, Set<HwCapability> capabilities, HwRegisters registers) {

  /** Copies the set. */
  public HwInfo {
    capabilities = Set.copyOf(capabilities);
  }
}
