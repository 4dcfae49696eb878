// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio;

import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.bindings.vfio.vfio_region_info;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.wire.InfoBlock;
import io.iommufd4j.wire.KernelFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * A region of a device: a BAR, the ROM, config space ({@code struct vfio_region_info}).
 *
 * @param index which
 * @param flags {@code VFIO_REGION_INFO_FLAG_*}
 * @param size bytes; 0 when the device has no such region
 * @param offset where it starts in the device's descriptor, in bytes
 * @param capabilities its capability chain, in order
 */
public record RegionInfo(
    int index, int flags, long size, long offset, List<InfoCapability> capabilities) {

  /** Copies the list. */
  public RegionInfo {
    capabilities = List.copyOf(capabilities);
  }

  static RegionInfo read(KernelFile file, int index) {
    try (Arena arena = Arena.ofConfined()) {
      long bytes = vfio_region_info.sizeof();
      MemorySegment block =
          InfoBlock.read(
              file,
              Request.VFIO_DEVICE_GET_REGION_INFO,
              bytes,
              info -> vfio_region_info.index(info, index),
              arena);
      int flags = vfio_region_info.flags(block);
      boolean chain = (flags & vfio_h.VFIO_REGION_INFO_FLAG_CAPS()) != 0;
      return new RegionInfo(
          index,
          flags,
          vfio_region_info.size(block),
          vfio_region_info.offset(block),
          chain
              ? CapabilityDecoder.ofRegion(block, vfio_region_info.cap_offset(block))
              : List.of());
    }
  }

  /** {@return true if it can be read} */
  public boolean readable() {
    return has(vfio_h.VFIO_REGION_INFO_FLAG_READ());
  }

  /** {@return true if it can be written} */
  public boolean writable() {
    return has(vfio_h.VFIO_REGION_INFO_FLAG_WRITE());
  }

  /**
   * {@return true if it can be mapped; with an {@link InfoCapability.SparseMmap} only the areas it
   * names}
   */
  public boolean mappable() {
    return has(vfio_h.VFIO_REGION_INFO_FLAG_MMAP());
  }

  /**
   * {@return what can be mapped: the areas of its {@link InfoCapability.SparseMmap}; without one
   * all of it, or nothing}
   */
  public List<InfoCapability.Area> mappableAreas() {
    if (!mappable() || size == 0) {
      return List.of();
    }
    return capability(InfoCapability.SparseMmap.class)
        .map(InfoCapability.SparseMmap::areas)
        .orElse(List.of(new InfoCapability.Area(0, size)));
  }

  /** {@return true if the MSI-X table, which lies in it, can be mapped as well} */
  public boolean msixMappable() {
    return capability(InfoCapability.MsixMappable.class).isPresent();
  }

  /** {@return the use of a region that is none of {@link PciRegion}; empty where it has none} */
  public Optional<InfoCapability.RegionType> type() {
    return capability(InfoCapability.RegionType.class);
  }

  private <T extends InfoCapability> Optional<T> capability(Class<T> kind) {
    return capabilities.stream().filter(kind::isInstance).map(kind::cast).findFirst();
  }

  private boolean has(int flag) {
    return (flags & flag) != 0;
  }

  /**
   * A position within; beyond the end lies another region, and the kernel would access that one.
   */
  long checked(long position) {
    if (position < 0 || position > size) {
      throw new IndexOutOfBoundsException(
          "region " + index + " has " + size + " bytes; there is no position " + position);
    }
    return position;
  }
}
