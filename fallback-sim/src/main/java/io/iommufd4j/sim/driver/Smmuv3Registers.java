package io.iommufd4j.sim.driver;

import io.iommufd4j.bindings.iommufd.iommu_hw_info_arm_smmuv3;
import java.lang.foreign.MemorySegment;

/**
 * What an SMMUv3's identification registers say of it, in the words of its specification ({@code
 * SMMU_IDR0} and its neighbours).
 */
record Smmuv3Registers(int idr0, int idr1, int idr3, int idr5) {

  /** {@code IDR3.FWB}. */
  static final int FORCES_ATTRIBUTES = 1 << 8;

  private static final int RANGE_INVALIDATION = 1 << 10;
  private static final int ATS = 1 << 10;
  private static final int WIDE_ASIDS = 1 << 12;
  private static final int[] OUTPUT_BITS = {32, 36, 40, 42, 44, 48, 52};

  /** As {@code IOMMU_GET_HW_INFO} tells them. */
  static Smmuv3Registers of(IommuUnit unit) {
    MemorySegment info = MemorySegment.ofArray(unit.info().data());
    MemorySegment aligned =
        MemorySegment.ofArray(new int[(int) info.byteSize() / Integer.BYTES]).copyFrom(info);
    return new Smmuv3Registers(
        iommu_hw_info_arm_smmuv3.idr(aligned, 0),
        iommu_hw_info_arm_smmuv3.idr(aligned, 1),
        iommu_hw_info_arm_smmuv3.idr(aligned, 3),
        iommu_hw_info_arm_smmuv3.idr(aligned, 5));
  }

  /** Whether the second stage can force memory attributes, so that a guest cannot loosen them. */
  boolean forcesAttributes() {
    return (idr3 & FORCES_ATTRIBUTES) != 0;
  }

  /** Whether an invalidation can be for a range. */
  boolean invalidatesRanges() {
    return (idr3 & RANGE_INVALIDATION) != 0;
  }

  /** Whether devices may keep translations. */
  boolean ats() {
    return (idr0 & ATS) != 0;
  }

  /** How many bits an address space id has. */
  int asidBits() {
    return (idr0 & WIDE_ASIDS) != 0 ? 16 : 8;
  }

  /** How many bits a PASID has; 0 where there are none. */
  int substreamBits() {
    return idr1 >> 6 & 0x1f;
  }

  /** How many bits an address has that comes out of it. */
  int outputBits() {
    return outputBits(idr5);
  }

  /**
   * How many bits the three that say an address size stand for; the reserved value is the widest.
   */
  static int outputBits(long size) {
    return OUTPUT_BITS[(int) Math.min(size & 7, OUTPUT_BITS.length - 1)];
  }
}
