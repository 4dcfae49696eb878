// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.data;

import io.iommufd4j.bindings.iommufd.iommu_viommu_tegra241_cmdqv;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/**
 * A kind of vIOMMU, with the data block of {@code IOMMU_VIOMMU_ALLOC} ({@code enum
 * iommu_viommu_type}). A driver may answer in that block.
 */
public sealed interface ViommuData {

  /** {@return the number of the kind, {@code IOMMU_VIOMMU_TYPE_*}} */
  int type();

  /**
   * {@return the block as the driver reads it, of no bytes for a kind without one}
   *
   * @param allocator where native memory comes from
   */
  MemorySegment allocate(SegmentAllocator allocator);

  /**
   * {@return the same with what a driver wrote into its block}
   *
   * @param block that {@link #allocate} made
   */
  ViommuData answered(MemorySegment block);

  /** An ARM SMMUv3. It has no data. */
  record SmmuV3() implements ViommuData {

    @Override
    public int type() {
      return iommufd_h.IOMMU_VIOMMU_TYPE_ARM_SMMUV3();
    }

    @Override
    public MemorySegment allocate(SegmentAllocator allocator) {
      return MemorySegment.NULL;
    }

    @Override
    public ViommuData answered(MemorySegment block) {
      return this;
    }
  }

  /**
   * An ARM SMMUv3 with the command queues of an NVIDIA Tegra241 ({@code struct
   * iommu_viommu_tegra241_cmdqv}). The kernel answers where the guest's page of registers is to be
   * mapped.
   *
   * @param mapOffset offset in bytes to map it at; 0 before the kernel answered
   * @param mapLength bytes to map; 0 before the kernel answered
   */
  record Tegra241Cmdqv(long mapOffset, long mapLength) implements ViommuData {

    /** {@return what to ask with: the kernel fills both fields} */
    public static Tegra241Cmdqv unanswered() {
      return new Tegra241Cmdqv(0, 0);
    }

    @Override
    public int type() {
      return iommufd_h.IOMMU_VIOMMU_TYPE_TEGRA241_CMDQV();
    }

    @Override
    public MemorySegment allocate(SegmentAllocator allocator) {
      return allocator.allocate(iommu_viommu_tegra241_cmdqv.layout());
    }

    @Override
    public ViommuData answered(MemorySegment block) {
      return new Tegra241Cmdqv(
          iommu_viommu_tegra241_cmdqv.out_vintf_mmap_offset(block),
          iommu_viommu_tegra241_cmdqv.out_vintf_mmap_length(block));
    }
  }

  /**
   * A kind that this version does not know.
   *
   * @param type {@code enum iommu_viommu_type}
   * @param block as the driver reads it, copied when it is used; of no bytes for none. Once the
   *     kernel has answered, what the driver left there
   */
  record Raw(int type, MemorySegment block) implements ViommuData {

    @Override
    public MemorySegment allocate(SegmentAllocator allocator) {
      return block.byteSize() == 0 ? MemorySegment.NULL : RawBlock.copy(block, allocator);
    }

    @Override
    public ViommuData answered(MemorySegment answer) {
      MemorySegment kept =
          MemorySegment.ofArray(new long[(int) Math.ceilDiv(answer.byteSize(), 8)]);
      return new Raw(type, kept.asSlice(0, answer.byteSize()).copyFrom(answer));
    }
  }
}
