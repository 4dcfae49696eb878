// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio.group;

import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_info;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_info_cap_iova_range;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_info_cap_migration;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_info_dma_avail;
import io.iommufd4j.bindings.vfio.vfio_iova_range;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.uapi.IovaRange;
import io.iommufd4j.wire.CapabilityChain;
import io.iommufd4j.wire.InfoBlock;
import io.iommufd4j.wire.KernelFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * The IOMMU behind a container ({@code struct vfio_iommu_type1_info}).
 *
 * @param pageSizes each page size that it maps by, as a bit; empty when the kernel does not tell
 * @param ranges the IOVAs that can be mapped, in ascending order; empty when the kernel does not
 *     tell
 * @param freeMappings how many more mappings the container takes; empty when the kernel does not
 *     tell
 * @param dirtyTracking how it tracks what DMA writes; empty when it does not
 */
public record ContainerInfo(
    OptionalLong pageSizes,
    List<IovaRange> ranges,
    OptionalInt freeMappings,
    Optional<DirtyTracking> dirtyTracking) {

  /** Copies the list. */
  public ContainerInfo {
    ranges = List.copyOf(ranges);
  }

  /**
   * The tracking of what DMA writes.
   *
   * @param pageSizes each page size that a bitmap may have, as a bit
   * @param maximumBitmapBytes of one bitmap
   */
  public record DirtyTracking(long pageSizes, long maximumBitmapBytes) {}

  static ContainerInfo read(KernelFile file) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block =
          InfoBlock.read(
              file, Request.VFIO_IOMMU_GET_INFO, vfio_iommu_type1_info.sizeof(), _ -> {}, arena);
      int flags = vfio_iommu_type1_info.flags(block);
      boolean sizes = (flags & vfio_h.VFIO_IOMMU_INFO_PGSIZES()) != 0;
      boolean chain = (flags & vfio_h.VFIO_IOMMU_INFO_CAPS()) != 0;
      List<CapabilityChain.Link> links =
          chain ? CapabilityChain.walk(block, vfio_iommu_type1_info.cap_offset(block)) : List.of();
      return new ContainerInfo(
          sizes ? OptionalLong.of(vfio_iommu_type1_info.iova_pgsizes(block)) : OptionalLong.empty(),
          ranges(links),
          freeMappings(links),
          dirtyTracking(links));
    }
  }

  /** The bytes of a capability, if they are all there. */
  private static Optional<MemorySegment> capability(
      List<CapabilityChain.Link> links, int id, long bytes) {
    return links.stream()
        .filter(link -> link.id() == id)
        .map(CapabilityChain.Link::bytes)
        .filter(found -> found.byteSize() >= bytes)
        .findFirst();
  }

  private static List<IovaRange> ranges(List<CapabilityChain.Link> links) {
    long header = vfio_iommu_type1_info_cap_iova_range.sizeof();
    Optional<MemorySegment> found =
        capability(links, vfio_h.VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE(), header);
    var ranges = new ArrayList<IovaRange>();
    if (found.isPresent()) {
      MemorySegment array = found.get().asSlice(header);
      long whole = array.byteSize() / vfio_iova_range.sizeof();
      int count = vfio_iommu_type1_info_cap_iova_range.nr_iovas(found.get());
      for (int i = 0; i < Math.min(whole, Integer.toUnsignedLong(count)); i++) {
        MemorySegment range = vfio_iova_range.asSlice(array, i);
        ranges.add(new IovaRange(vfio_iova_range.start(range), vfio_iova_range.end(range)));
      }
    }
    return ranges;
  }

  private static OptionalInt freeMappings(List<CapabilityChain.Link> links) {
    return capability(
            links,
            vfio_h.VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL(),
            vfio_iommu_type1_info_dma_avail.sizeof())
        .map(found -> OptionalInt.of(vfio_iommu_type1_info_dma_avail.avail(found)))
        .orElse(OptionalInt.empty());
  }

  private static Optional<DirtyTracking> dirtyTracking(List<CapabilityChain.Link> links) {
    return capability(
            links,
            vfio_h.VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION(),
            vfio_iommu_type1_info_cap_migration.sizeof())
        .map(found ->
            new DirtyTracking(
                vfio_iommu_type1_info_cap_migration.pgsize_bitmap(found),
                vfio_iommu_type1_info_cap_migration.max_dirty_bitmap_size(found)));
  }
}
