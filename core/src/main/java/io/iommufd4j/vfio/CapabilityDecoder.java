// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio;

import io.iommufd4j.bindings.vfio.vfio_device_info_cap_pci_atomic_comp;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.bindings.vfio.vfio_region_info_cap_sparse_mmap;
import io.iommufd4j.bindings.vfio.vfio_region_info_cap_type;
import io.iommufd4j.bindings.vfio.vfio_region_sparse_mmap_area;
import io.iommufd4j.wire.CapabilityChain;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** Decodes the capabilities that the kernel writes behind the structs of devices and regions. */
final class CapabilityDecoder {

  private CapabilityDecoder() {}

  /**
   * {@return the capabilities of a region, in order}
   *
   * @param info {@code struct vfio_region_info} and all that the kernel wrote behind it
   * @param first offset of the first capability in bytes ({@code cap_offset}); 0 for none
   */
  static List<InfoCapability> ofRegion(MemorySegment info, int first) {
    return CapabilityChain.walk(info, first).stream().map(CapabilityDecoder::ofRegion).toList();
  }

  /**
   * {@return the capabilities of a device, in order}
   *
   * @param info {@code struct vfio_device_info} and all that the kernel wrote behind it
   * @param first offset of the first capability in bytes ({@code cap_offset}); 0 for none
   */
  static List<InfoCapability> ofDevice(MemorySegment info, int first) {
    return CapabilityChain.walk(info, first).stream().map(CapabilityDecoder::ofDevice).toList();
  }

  private static InfoCapability ofRegion(CapabilityChain.Link link) {
    MemorySegment bytes = link.bytes();
    if (link.id() == vfio_h.VFIO_REGION_INFO_CAP_SPARSE_MMAP()
        && bytes.byteSize() >= vfio_region_info_cap_sparse_mmap.sizeof()) {
      return new InfoCapability.SparseMmap(areas(bytes));
    }
    if (link.id() == vfio_h.VFIO_REGION_INFO_CAP_TYPE()
        && bytes.byteSize() >= vfio_region_info_cap_type.sizeof()) {
      return new InfoCapability.RegionType(
          vfio_region_info_cap_type.type(bytes), vfio_region_info_cap_type.subtype(bytes));
    }
    if (link.id() == vfio_h.VFIO_REGION_INFO_CAP_MSIX_MAPPABLE()) {
      return new InfoCapability.MsixMappable();
    }
    return new InfoCapability.Other(link.id(), link.version());
  }

  private static List<InfoCapability.Area> areas(MemorySegment bytes) {
    var areas = new ArrayList<InfoCapability.Area>();
    MemorySegment array = bytes.asSlice(vfio_region_info_cap_sparse_mmap.sizeof());
    long whole = array.byteSize() / vfio_region_sparse_mmap_area.sizeof();
    long told = Integer.toUnsignedLong(vfio_region_info_cap_sparse_mmap.nr_areas(bytes));
    for (long i = 0; i < Math.min(whole, told); i++) {
      // Only newer kernels put every capability at a multiple of 8, as the layout wants.
      long at = i * vfio_region_sparse_mmap_area.sizeof();
      areas.add(
          new InfoCapability.Area(
              array.get(
                  ValueLayout.JAVA_LONG_UNALIGNED,
                  at + vfio_region_sparse_mmap_area.offset$offset()),
              array.get(
                  ValueLayout.JAVA_LONG_UNALIGNED,
                  at + vfio_region_sparse_mmap_area.size$offset())));
    }
    return areas;
  }

  private static InfoCapability ofDevice(CapabilityChain.Link link) {
    MemorySegment bytes = link.bytes();
    if (link.id() == vfio_h.VFIO_DEVICE_INFO_CAP_PCI_ATOMIC_COMP()
        && bytes.byteSize() >= vfio_device_info_cap_pci_atomic_comp.sizeof()) {
      return new InfoCapability.AtomicCompletion(vfio_device_info_cap_pci_atomic_comp.flags(bytes));
    }
    return new InfoCapability.Other(link.id(), link.version());
  }
}
