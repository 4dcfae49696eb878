// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.data;

import java.util.List;

/** The registers by which an IOMMU driver describes its hardware, in the hardware's own format. */
public sealed interface HwRegisters {

  /** The driver reports nothing ({@code IOMMU_HW_INFO_TYPE_NONE}), as virtio-iommu's. */
  record None() implements HwRegisters {}

  /**
   * Intel VT-d ({@code struct iommu_hw_info_vtd}).
   *
   * @param flags {@code IOMMU_HW_INFO_VTD_*}
   * @param capability the Capability Register
   * @param extendedCapability the Extended Capability Register
   */
  record Vtd(int flags, long capability, long extendedCapability) implements HwRegisters {}

  /**
   * ARM SMMUv3 ({@code struct iommu_hw_info_arm_smmuv3}).
   *
   * @param flags {@code IOMMU_HW_INFO_ARM_SMMUV3_*}
   * @param idr the registers IDR0 to IDR5
   * @param iidr the implementer
   * @param aidr the architecture's version
   */
  record SmmuV3(int flags, List<Integer> idr, int iidr, int aidr) implements HwRegisters {

    /** Copies the list. */
    public SmmuV3 {
      idr = List.copyOf(idr);
    }
  }

  /**
   * NVIDIA Tegra241 CMDQV, an extension of ARM SMMUv3 ({@code struct
   * iommu_hw_info_tegra241_cmdqv}). Reported only to who asks for this type.
   *
   * @param flags none are defined
   * @param version of the hardware
   * @param log2Queues binary logarithm of the number of virtual command queues
   * @param log2StreamIds binary logarithm of the number of stream ids that it can replace
   */
  record Tegra241Cmdqv(int flags, int version, int log2Queues, int log2StreamIds)
      implements HwRegisters {}

  /**
   * AMD-Vi ({@code struct iommu_hw_info_amd}).
   *
   * @param features the Extended Feature Register
   * @param features2 the Extended Feature 2 Register
   */
  record Amd(long features, long features2) implements HwRegisters {}

  /**
   * A kind that this version does not decode.
   *
   * @param type {@code enum iommu_hw_info_type}
   * @param hex the bytes, in memory order, in hexadecimal
   */
  record Other(int type, String hex) implements HwRegisters {}
}
