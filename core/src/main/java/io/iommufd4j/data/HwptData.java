// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.data;

import io.iommufd4j.bindings.iommufd.iommu_hwpt_amd_guest;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_arm_smmuv3;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_vtd_s1;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.Set;

/**
 * The data block of {@code IOMMU_HWPT_ALLOC}: what a nested HWPT translates by, in the format of
 * the IOMMU's driver ({@code enum iommu_hwpt_data_type}).
 */
public sealed interface HwptData {

  /** {@return the number of the format, {@code IOMMU_HWPT_DATA_*}} */
  int type();

  /**
   * {@return the block as the driver reads it}
   *
   * @param allocator where native memory comes from
   */
  MemorySegment allocate(SegmentAllocator allocator);

  /** No data: a HWPT that the kernel fills with what its IOAS maps. */
  record None() implements HwptData {

    @Override
    public int type() {
      return iommufd_h.IOMMU_HWPT_DATA_NONE();
    }

    @Override
    public MemorySegment allocate(SegmentAllocator allocator) {
      return MemorySegment.NULL;
    }
  }

  /**
   * A first-stage page table of Intel VT-d ({@code struct iommu_hwpt_vtd_s1}).
   *
   * @param flags may be empty
   * @param pageTable guest physical address of the top level
   * @param addressWidth bits of the addresses that it translates: 48 or 57
   */
  record VtdFirstStage(Set<VtdFirstStageFlag> flags, long pageTable, int addressWidth)
      implements HwptData {

    /** Copies the set. */
    public VtdFirstStage {
      flags = Set.copyOf(flags);
    }

    @Override
    public int type() {
      return iommufd_h.IOMMU_HWPT_DATA_VTD_S1();
    }

    @Override
    public MemorySegment allocate(SegmentAllocator allocator) {
      MemorySegment block = allocator.allocate(iommu_hwpt_vtd_s1.layout());
      iommu_hwpt_vtd_s1.flags(block, VtdFirstStageFlag.bits(flags));
      iommu_hwpt_vtd_s1.pgtbl_addr(block, pageTable);
      iommu_hwpt_vtd_s1.addr_width(block, addressWidth);
      return block;
    }
  }

  /**
   * The first half of a guest's stream table entry of an ARM SMMUv3 ({@code struct
   * iommu_hwpt_arm_smmuv3}). Takes a vIOMMU as the parent. An entry that is not valid, or says
   * abort, blocks DMA; one that says bypass translates as the nesting parent does.
   *
   * @param word0 V, Cfg, S1Fmt, S1ContextPtr, S1CDMax; another field that is set is refused
   * @param word1 EATS, S1DSS, S1CIR, S1COR, S1CSH, S1STALLD; another field that is set is refused
   */
  record SmmuV3(long word0, long word1) implements HwptData {

    @Override
    public int type() {
      return iommufd_h.IOMMU_HWPT_DATA_ARM_SMMUV3();
    }

    @Override
    public MemorySegment allocate(SegmentAllocator allocator) {
      MemorySegment block = allocator.allocate(iommu_hwpt_arm_smmuv3.layout());
      iommu_hwpt_arm_smmuv3.ste(block, 0, word0);
      iommu_hwpt_arm_smmuv3.ste(block, 1, word1);
      return block;
    }
  }

  /**
   * A guest's device table entry of AMD-Vi ({@code struct iommu_hwpt_amd_guest}).
   *
   * @param word0 its first 64 bits
   * @param word1 its second
   * @param word2 its third
   * @param word3 its fourth
   */
  record AmdGuest(long word0, long word1, long word2, long word3) implements HwptData {

    @Override
    public int type() {
      return iommufd_h.IOMMU_HWPT_DATA_AMD_GUEST();
    }

    @Override
    public MemorySegment allocate(SegmentAllocator allocator) {
      MemorySegment block = allocator.allocate(iommu_hwpt_amd_guest.layout());
      iommu_hwpt_amd_guest.dte(block, 0, word0);
      iommu_hwpt_amd_guest.dte(block, 1, word1);
      iommu_hwpt_amd_guest.dte(block, 2, word2);
      iommu_hwpt_amd_guest.dte(block, 3, word3);
      return block;
    }
  }

  /**
   * A format that this version does not know.
   *
   * @param type {@code enum iommu_hwpt_data_type}
   * @param block as the driver reads it; copied when it is used
   */
  record Raw(int type, MemorySegment block) implements HwptData {

    @Override
    public MemorySegment allocate(SegmentAllocator allocator) {
      return RawBlock.copy(block, allocator);
    }
  }
}
