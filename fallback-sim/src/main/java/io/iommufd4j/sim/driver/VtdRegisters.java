// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_PASID;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HW_INFO_TYPE_INTEL_VTD;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17;

import io.iommufd4j.bindings.iommufd.iommu_hw_info_vtd;
import io.iommufd4j.sim.iommu.hardware.Capability;
import io.iommufd4j.sim.iommu.hardware.HardwareInfo;
import io.iommufd4j.sim.iommu.hardware.ReservedRegion;
import java.util.List;
import java.util.Map;

/**
 * VT-d's capability registers, in the words of its specification.
 *
 * @param capability {@code CAP_REG}
 * @param extended {@code ECAP_REG}
 * @param version {@code VER_REG}: major number in bits 7:4, minor in bits 3:0
 */
public record VtdRegisters(long capability, long extended, int version) implements IommuRegisters {

  /** The version that QEMU's has. */
  public static final int USUAL_VERSION = 0x10;

  private static final int MAJOR_SHIFT = 4;
  private static final int MINOR = 0xf;

  /** Registers of the usual version. */
  public VtdRegisters(long capability, long extended) {
    this(capability, extended, USUAL_VERSION);
  }

  /** {@code CM}. */
  private static final long CACHING_MODE = 1 << 7;

  /** {@code MGAW}: one less than the bits of a guest address. */
  private static final int ADDRESS_SHIFT = 16;

  private static final long ADDRESS_BITS = 0x3f;

  /** {@code SAGAW}: a bit for each number of levels of a second-stage table, from two on. */
  private static final int LEVELS_SHIFT = 8;

  private static final int LEVELS = 0x1f;
  private static final int THREE_LEVELS = 1 << 1;
  private static final int FOUR_LEVELS = 1 << 2;
  private static final int FIVE_LEVELS = 1 << 3;

  /** {@code SLLPS}: 2 MiB and 1 GiB in the second stage. */
  private static final long SECOND_STAGE_2M = 1L << 34;

  private static final long SECOND_STAGE_1G = 1L << 35;

  /** {@code FL1GP} and {@code FL5LP}. */
  private static final long FIRST_STAGE_1G = 1L << 56;

  private static final long FIRST_STAGE_FIVE_LEVELS = 1L << 60;

  /**
   * {@code C}, {@code SC}, {@code NEST}, {@code SMTS}, {@code SLADS}, {@code SLTS}, {@code FLTS},
   * {@code SMPWC}.
   */
  private static final long COHERENT = 1;

  private static final long SNOOP_CONTROL = 1L << 7;

  private static final long NESTING = 1L << 26;
  private static final long SCALABLE_MODE = 1L << 43;
  private static final long DIRTY_BITS = 1L << 45;
  private static final long SECOND_STAGE = 1L << 46;
  private static final long FIRST_STAGE = 1L << 47;
  private static final long COHERENT_WALKS = 1L << 48;

  /** The bits that an {@code ECAP_REG} has set if the hardware tracks dirty pages. */
  static final long TRACKS_DIRTY = SCALABLE_MODE | DIRTY_BITS | SECOND_STAGE | COHERENT_WALKS;

  private static final List<ReservedRegion> RESERVED = List.of(ReservedRegion.X86_MESSAGES);

  private static final long KIB = 1 << 10;
  private static final long MIB = KIB << 10;
  private static final long GIB = MIB << 10;

  /** {@code intel_iommu_domain_alloc_paging_flags}. */
  @Override
  public boolean serves(int flags) {
    return firstStage(flags) || secondStage(flags);
  }

  /** {@code intel_iommu_domain_alloc_first_stage}, which is tried first. */
  private boolean firstStage(int flags) {
    return (flags & ~IOMMU_HWPT_ALLOC_PASID()) == 0 && has(SCALABLE_MODE | FIRST_STAGE);
  }

  /** {@code intel_iommu_domain_alloc_second_stage}. */
  private boolean secondStage(int flags) {
    int nest = IOMMU_HWPT_ALLOC_NEST_PARENT();
    int dirty = IOMMU_HWPT_ALLOC_DIRTY_TRACKING();
    return (flags & ~(nest | dirty | IOMMU_HWPT_ALLOC_PASID())) == 0
        && ((flags & nest) == 0 || has(SCALABLE_MODE | NESTING))
        && ((flags & dirty) == 0 || has(SCALABLE_MODE | DIRTY_BITS | COHERENT_WALKS))
        && (!has(SCALABLE_MODE) || has(SECOND_STAGE));
  }

  private boolean has(long extendedBits) {
    return (extended & extendedBits) == extendedBits;
  }

  @Override
  public long apertureLast(int flags) {
    return (1L << (firstStage(flags) ? firstStageBits() : secondStageBits())) - 1;
  }

  /** {@code compute_vasz_lg2_fs}: the lower half of what a table with signed addresses holds. */
  private int firstStageBits() {
    return Math.min(fiveLevels() ? 57 : 48, addressBits()) - 1;
  }

  private boolean fiveLevels() {
    return addressBits() > 48 && (capability & FIRST_STAGE_FIVE_LEVELS) != 0;
  }

  /** {@code compute_vasz_lg2_ss}: the widest table that both registers allow. */
  private int secondStageBits() {
    int levels = (int) (capability >> LEVELS_SHIFT) & LEVELS;
    if (addressBits() > 48 && levels >= FIVE_LEVELS) {
      return Math.min(57, addressBits());
    }
    if (addressBits() > 39 && levels >= FOUR_LEVELS) {
      return Math.min(48, addressBits());
    }
    return levels >= THREE_LEVELS ? Math.min(39, addressBits()) : 0;
  }

  private int addressBits() {
    return (int) (capability >> ADDRESS_SHIFT & ADDRESS_BITS) + 1;
  }

  @Override
  public long pageSizes(int flags) {
    if (firstStage(flags)) {
      return 4 * KIB | 2 * MIB | ((capability & FIRST_STAGE_1G) != 0 ? GIB : 0);
    }
    return secondStagePages();
  }

  private long secondStagePages() {
    return 4 * KIB
        | ((capability & SECOND_STAGE_2M) != 0 ? 2 * MIB : 0)
        | ((capability & SECOND_STAGE_1G) != 0 ? GIB : 0);
  }

  /** {@code x86_64_pt_iommu_set_prot}, of the first stage. */
  @Override
  public boolean readsAll(int flags) {
    return firstStage(flags);
  }

  /**
   * {@code paging_domain_compatible}: true if this IOMMU can walk a table that was made for another
   * one. The bits of addresses do not matter to the first stage, the number of levels does.
   */
  boolean walks(VtdRegisters other, int flags) {
    if (other.firstStage(flags)) {
      return has(SCALABLE_MODE | FIRST_STAGE)
          && (has(COHERENT_WALKS) || !other.has(COHERENT_WALKS))
          && (fiveLevels() || !other.fiveLevels())
          && (capability & FIRST_STAGE_1G & other.capability)
              == (other.capability & FIRST_STAGE_1G);
    }
    return secondStage(flags)
        && (coherent() || !other.coherent())
        && other.secondStageBits() <= secondStageBits()
        && (other.secondStagePages() & ~secondStagePages()) == 0;
  }

  /** {@code iommu_paging_structure_coherency}. */
  private boolean coherent() {
    return has(has(SCALABLE_MODE) ? COHERENT_WALKS : COHERENT);
  }

  /** {@code intel_iommu_capable}. */
  @Override
  public boolean capable(Capability asked) {
    return switch (asked) {
      case CACHE_COHERENCY -> true;
      case ENFORCE_CACHE_COHERENCY -> has(SNOOP_CONTROL);
      case DIRTY_TRACKING -> has(SCALABLE_MODE | DIRTY_BITS | COHERENT_WALKS);
      case DEFERRED_FLUSH -> (capability & CACHING_MODE) == 0 || firstStageByDefault();
      case NOEXEC, PCI_ATS_SUPPORTED -> false;
    };
  }

  /** {@code first_level_by_default}: without it, a unit that caches what is not there is strict. */
  private boolean firstStageByDefault() {
    return has(SCALABLE_MODE) && (has(FIRST_STAGE) || !has(SECOND_STAGE));
  }

  /** {@code intel_iommu_get_resv_regions}; the regions of firmware are a device's. */
  @Override
  public List<ReservedRegion> reserved() {
    return RESERVED;
  }

  /** {@code intel_iommu_hw_info}. */
  @Override
  public HardwareInfo info() {
    return HardwareInfo.of(
        IOMMU_HW_INFO_TYPE_INTEL_VTD(),
        iommu_hw_info_vtd.layout(),
        info -> {
          iommu_hw_info_vtd.flags(info, IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17());
          iommu_hw_info_vtd.cap_reg(info, capability);
          iommu_hw_info_vtd.ecap_reg(info, extended);
        });
  }

  /** {@code cap_show}, {@code ecap_show}, {@code version_show}. */
  @Override
  public Map<String, String> attributes() {
    return Map.of(
        "intel-iommu/cap", Long.toHexString(capability) + "\n",
        "intel-iommu/ecap", Long.toHexString(extended) + "\n",
        "intel-iommu/version", (version >> MAJOR_SHIFT) + ":" + (version & MINOR) + "\n");
  }

  @Override
  public IommuModel model() {
    return IommuModel.VTD;
  }

  @Override
  public VtdRegisters trackingDirty(boolean tracks) {
    return new VtdRegisters(
        capability, tracks ? extended | TRACKS_DIRTY : extended & ~DIRTY_BITS, version);
  }

  @Override
  public VtdRegisters narrowedTo(int bits) {
    long others = capability & ~(ADDRESS_BITS << ADDRESS_SHIFT);
    return new VtdRegisters(others | (long) (bits - 1) << ADDRESS_SHIFT, extended, version);
  }
}
