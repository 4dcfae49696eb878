// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_PASID;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HW_INFO_TYPE_ARM_SMMUV3;

import io.iommufd4j.bindings.iommufd.iommu_hw_info_arm_smmuv3;
import io.iommufd4j.sim.iommu.hardware.Capability;
import io.iommufd4j.sim.iommu.hardware.HardwareInfo;
import io.iommufd4j.sim.iommu.hardware.ReservedRegion;
import java.util.List;

/**
 * The identification registers of an SMMUv3, by the names of its specification ({@code SMMU_IDR0}
 * and its neighbors).
 *
 * @param aidr {@code SMMU_AIDR}
 * @param addressBits the number of bits in the kernel's own addresses ({@code VA_BITS}), which
 *     bounds the first stage
 */
public record Smmuv3Registers(int idr0, int idr1, int idr3, int idr5, int aidr, int addressBits)
    implements IommuRegisters {

  /** {@code IDR0.HTTU}: access flag and dirty state. */
  static final int TRACKS_DIRTY = 2 << 6;

  /** {@code IDR3.FWB}. */
  static final int FORCES_ATTRIBUTES = 1 << 8;

  private static final int SECOND_STAGE = 1;
  private static final int FIRST_STAGE = 1 << 1;
  private static final int COHERENT = 1 << 4;
  private static final int UPDATES = 3 << 6;
  private static final int ATS = 1 << 10;
  private static final int WIDE_ASIDS = 1 << 12;
  private static final int RANGE_INVALIDATION = 1 << 10;
  private static final int GRANULE_4K = 1 << 4;
  private static final int GRANULE_16K = 1 << 5;
  private static final int INPUT_BITS = 3 << 10;
  private static final int INPUT_52_BITS = 1 << 10;
  private static final List<Integer> OUTPUT_BITS = List.of(32, 36, 40, 42, 44, 48, 52);

  private static final long KIB = 1 << 10;
  private static final long MIB = KIB << 10;
  private static final long GIB = MIB << 10;

  /** {@code MSI_IOVA_BASE}: where the kernel maps the pages that take interrupt messages. */
  private static final List<ReservedRegion> RESERVED =
      List.of(new ReservedRegion(0x800_0000L, 0x80f_ffffL, ReservedRegion.Type.SW_MSI));

  /** {@code arm_smmu_domain_alloc_paging_flags}. */
  @Override
  public boolean serves(int flags) {
    int dirty = IOMMU_HWPT_ALLOC_DIRTY_TRACKING();
    if (flags == 0) {
      return true;
    }
    if (flags == IOMMU_HWPT_ALLOC_NEST_PARENT()) {
      return nests();
    }
    return (flags & ~(dirty | IOMMU_HWPT_ALLOC_PASID())) == 0
        && has(FIRST_STAGE)
        && ((flags & dirty) == 0 || capable(Capability.DIRTY_TRACKING));
  }

  private boolean nests() {
    return has(FIRST_STAGE | SECOND_STAGE);
  }

  private boolean has(int bits) {
    return (idr0 & bits) == bits;
  }

  /** True if a domain's table is a second stage; the first is preferred. */
  private boolean secondStage(int flags) {
    return flags == IOMMU_HWPT_ALLOC_NEST_PARENT() || !has(FIRST_STAGE);
  }

  /**
   * {@code arm_smmu_domain_finalise}: a second stage translates what comes out of a first one,
   * which is less than what goes in.
   */
  @Override
  public long apertureLast(int flags) {
    int most = (idr5 & INPUT_BITS) == INPUT_52_BITS ? 52 : 48;
    int first = Math.min(most, addressBits);
    return (1L << (secondStage(flags) ? Math.min(outputBits(), first) : first)) - 1;
  }

  /** {@code arm_lpae_restrict_pgsizes}: of the granules that of the CPU, else the largest below. */
  @Override
  public long pageSizes(int flags) {
    if ((idr5 & GRANULE_4K) != 0) {
      return 4 * KIB | 2 * MIB | GIB;
    }
    return (idr5 & GRANULE_16K) != 0 ? 16 * KIB | 32 * MIB : 64 * KIB | 512 * MIB;
  }

  /** {@code arm_lpae_prot_to_pte}, of the first stage. */
  @Override
  public boolean readsAll(int flags) {
    return !secondStage(flags);
  }

  /**
   * {@code arm_smmu_capable}. The driver could defer flushes; arm64 does not unless asked, so that
   * is left out.
   */
  @Override
  public boolean capable(Capability asked) {
    return switch (asked) {
      case CACHE_COHERENCY -> has(COHERENT);
      case DIRTY_TRACKING -> (idr0 & UPDATES) == TRACKS_DIRTY && has(COHERENT);
      case NOEXEC -> true;
      case ENFORCE_CACHE_COHERENCY, DEFERRED_FLUSH, PCI_ATS_SUPPORTED -> false;
    };
  }

  /** {@code arm_smmu_get_resv_regions}. */
  @Override
  public List<ReservedRegion> reserved() {
    return RESERVED;
  }

  /** {@code arm_smmu_hw_info}. */
  @Override
  public HardwareInfo info() {
    return HardwareInfo.of(
        IOMMU_HW_INFO_TYPE_ARM_SMMUV3(),
        iommu_hw_info_arm_smmuv3.layout(),
        info -> {
          iommu_hw_info_arm_smmuv3.idr(info, 0, idr0);
          iommu_hw_info_arm_smmuv3.idr(info, 1, idr1);
          iommu_hw_info_arm_smmuv3.idr(info, 3, idr3);
          iommu_hw_info_arm_smmuv3.idr(info, 5, idr5);
          iommu_hw_info_arm_smmuv3.aidr(info, aidr);
        });
  }

  @Override
  public IommuModel model() {
    return IommuModel.SMMUV3;
  }

  @Override
  public Smmuv3Registers trackingDirty(boolean tracks) {
    int other = tracks ? idr0 | TRACKS_DIRTY : idr0 & ~TRACKS_DIRTY;
    return new Smmuv3Registers(other, idr1, idr3, idr5, aidr, addressBits);
  }

  @Override
  public Smmuv3Registers narrowedTo(int bits) {
    return new Smmuv3Registers(idr0, idr1, idr3, idr5, aidr, bits);
  }

  /** {@code arm_smmu_get_viommu_size}: whether a guest can have one of its own. */
  boolean virtualizes() {
    return nests() && forcesAttributes();
  }

  /** True if the second stage can force memory attributes, so that a guest cannot loosen them. */
  boolean forcesAttributes() {
    return (idr3 & FORCES_ATTRIBUTES) != 0;
  }

  /** True if an invalidation can be for a range. */
  boolean invalidatesRanges() {
    return (idr3 & RANGE_INVALIDATION) != 0;
  }

  /** True if devices may cache translations. */
  boolean ats() {
    return (idr0 & ATS) != 0;
  }

  /** The number of bits in an address space id. */
  int asidBits() {
    return (idr0 & WIDE_ASIDS) != 0 ? 16 : 8;
  }

  /** The number of bits in a PASID; 0 where there are none. */
  int substreamBits() {
    return idr1 >> 6 & 0x1f;
  }

  /** The number of bits in an output address. */
  int outputBits() {
    return outputBits(idr5);
  }

  /**
   * The number of address bits that a field of three bits stands for; the reserved value means the
   * most.
   */
  static int outputBits(long size) {
    return OUTPUT_BITS.get((int) Math.min(size & 7, OUTPUT_BITS.size() - 1));
  }
}
