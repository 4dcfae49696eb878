// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.data;

import io.iommufd4j.bindings.iommufd.iommu_hwpt_vtd_s1_invalidate;
import io.iommufd4j.bindings.iommufd.iommu_viommu_arm_smmuv3_invalidate;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import java.lang.foreign.MemorySegment;

/**
 * One thing that an IOMMU is to forget, in the format of its driver ({@code enum
 * iommu_hwpt_invalidate_data_type}). Several make an {@link InvalidationBlock}.
 */
public sealed interface Invalidation {

  /** {@return the number of the format} */
  int type();

  /** {@return bytes of an entry in this format} */
  long byteSize();

  /**
   * Writes the entry as the driver reads it.
   *
   * @param entry zeroed native memory of {@link #byteSize} bytes
   */
  void write(MemorySegment entry);

  /**
   * A command of an ARM SMMUv3's queue, for a vIOMMU ({@code struct
   * iommu_viommu_arm_smmuv3_invalidate}). Stream ids in it are those of the guest.
   *
   * @param word0 its first 64 bits: the operation in the lowest byte
   * @param word1 its second
   */
  record SmmuV3(long word0, long word1) implements Invalidation {

    private static final long CONTEXT = 0x05;
    private static final long ALL_CONTEXTS = 0x06;
    private static final long ADDRESS_SPACE = 0x11;
    private static final long ADDRESS = 0x12;
    private static final long EVERYTHING = 0x30;
    private static final int ID_SHIFT = 48;
    private static final int STREAM_SHIFT = 32;
    private static final int SUBSTREAM_SHIFT = 12;
    private static final long PAGE_MASK = -4096;
    private static final long LEAF = 1;

    /** {@return all translations of the guest ({@code CMDQ_OP_TLBI_NSNH_ALL})} */
    public static SmmuV3 everything() {
      return new SmmuV3(EVERYTHING, 0);
    }

    /**
     * {@return all translations of an address space ({@code CMDQ_OP_TLBI_NH_ASID})}
     *
     * @param asid from 0 to 2¹⁶ − 1
     */
    public static SmmuV3 addressSpace(int asid) {
      return new SmmuV3(ADDRESS_SPACE | (long) asid << ID_SHIFT, 0);
    }

    /**
     * {@return the translation of an address in one address space ({@code CMDQ_OP_TLBI_NH_VA}),
     * those of upper levels included}
     *
     * @param asid from 0 to 2¹⁶ − 1
     * @param address any of its page
     */
    public static SmmuV3 address(int asid, long address) {
      return new SmmuV3(ADDRESS | (long) asid << ID_SHIFT, address & PAGE_MASK);
    }

    /**
     * {@return a context descriptor ({@code CMDQ_OP_CFGI_CD})}
     *
     * @param streamId the guest's, of the device
     * @param substreamId the PASID; 0 for the first descriptor
     */
    public static SmmuV3 context(int streamId, int substreamId) {
      return new SmmuV3(
          CONTEXT
              | Integer.toUnsignedLong(streamId) << STREAM_SHIFT
              | (long) substreamId << SUBSTREAM_SHIFT,
          LEAF);
    }

    /**
     * {@return all context descriptors of a device ({@code CMDQ_OP_CFGI_CD_ALL})}
     *
     * @param streamId the guest's, of the device
     */
    public static SmmuV3 allContexts(int streamId) {
      return new SmmuV3(ALL_CONTEXTS | Integer.toUnsignedLong(streamId) << STREAM_SHIFT, 0);
    }

    @Override
    public int type() {
      return iommufd_h.IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3();
    }

    @Override
    public long byteSize() {
      return iommu_viommu_arm_smmuv3_invalidate.sizeof();
    }

    @Override
    public void write(MemorySegment entry) {
      iommu_viommu_arm_smmuv3_invalidate.cmd(entry, 0, word0);
      iommu_viommu_arm_smmuv3_invalidate.cmd(entry, 1, word1);
    }
  }

  /**
   * Translations of a first-stage page table of VT-d, for a nested HWPT ({@code struct
   * iommu_hwpt_vtd_s1_invalidate}).
   *
   * @param address the first, a multiple of 4096
   * @param pages how many of 4096 bytes, unsigned; −1 with address 0 for all there are
   * @param leafOnly true if no upper level of the table has changed
   */
  record VtdFirstStage(long address, long pages, boolean leafOnly) implements Invalidation {

    /** {@return all translations of the page table} */
    public static VtdFirstStage everything() {
      return new VtdFirstStage(0, -1, false);
    }

    @Override
    public int type() {
      return iommufd_h.IOMMU_HWPT_INVALIDATE_DATA_VTD_S1();
    }

    @Override
    public long byteSize() {
      return iommu_hwpt_vtd_s1_invalidate.sizeof();
    }

    @Override
    public void write(MemorySegment entry) {
      iommu_hwpt_vtd_s1_invalidate.addr(entry, address);
      iommu_hwpt_vtd_s1_invalidate.npages(entry, pages);
      iommu_hwpt_vtd_s1_invalidate.flags(
          entry, leafOnly ? iommufd_h.IOMMU_VTD_INV_FLAGS_LEAF() : 0);
    }
  }

  /**
   * A format that this version does not know.
   *
   * @param type {@code enum iommu_hwpt_invalidate_data_type}
   * @param entry as the driver reads it; copied when it is used
   */
  record Raw(int type, MemorySegment entry) implements Invalidation {

    @Override
    public long byteSize() {
      return entry.byteSize();
    }

    @Override
    public void write(MemorySegment into) {
      into.copyFrom(entry);
    }
  }
}
