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

/** A property of a device or a region beyond its struct ({@code VFIO_*_INFO_CAP_*}). */
public sealed interface InfoCapability {

  /**
   * Only parts of a region can be mapped.
   *
   * @param areas those parts
   */
  record SparseMmap(List<Area> areas) implements InfoCapability {

    /** Copies the list. */
    public SparseMmap {
      areas = List.copyOf(areas);
    }
  }

  /**
   * Part of a region.
   *
   * @param offset bytes from the region's start
   * @param size bytes
   */
  record Area(long offset, long size) {}

  /**
   * The use of a region beyond the fixed ones.
   *
   * @param type {@code VFIO_REGION_TYPE_*}
   * @param subtype its meaning depends on the type
   */
  record RegionType(int type, int subtype) implements InfoCapability {}

  /** The MSI-X table's BAR can be mapped whole. */
  record MsixMappable() implements InfoCapability {}

  /**
   * The PCIe hierarchy completes atomic operations of the device.
   *
   * @param flags {@code VFIO_PCI_ATOMIC_COMP*}: of 32, 64 and 128 bits
   */
  record AtomicCompletion(int flags) implements InfoCapability {}

  /**
   * A capability that this version does not decode, or one whose bytes are not all there.
   *
   * @param id the UAPI's number
   * @param version of the capability's layout
   */
  record Other(int id, int version) implements InfoCapability {}

  /**
   * {@return the capabilities of a region, in order}
   *
   * @param info {@code struct vfio_region_info} and all that the kernel wrote behind it
   * @param first offset of the first capability in bytes ({@code cap_offset}); 0 for none
   */
  static List<InfoCapability> ofRegion(MemorySegment info, int first) {
    return CapabilityChain.walk(info, first).stream().map(InfoCapability::ofRegion).toList();
  }

  /**
   * {@return the capabilities of a device, in order}
   *
   * @param info {@code struct vfio_device_info} and all that the kernel wrote behind it
   * @param first offset of the first capability in bytes ({@code cap_offset}); 0 for none
   */
  static List<InfoCapability> ofDevice(MemorySegment info, int first) {
    return CapabilityChain.walk(info, first).stream().map(InfoCapability::ofDevice).toList();
  }

  private static InfoCapability ofRegion(CapabilityChain.Link link) {
    MemorySegment bytes = link.bytes();
    if (link.id() == vfio_h.VFIO_REGION_INFO_CAP_SPARSE_MMAP()
        && bytes.byteSize() >= vfio_region_info_cap_sparse_mmap.sizeof()) {
      return new SparseMmap(areas(bytes));
    }
    if (link.id() == vfio_h.VFIO_REGION_INFO_CAP_TYPE()
        && bytes.byteSize() >= vfio_region_info_cap_type.sizeof()) {
      return new RegionType(
          vfio_region_info_cap_type.type(bytes), vfio_region_info_cap_type.subtype(bytes));
    }
    if (link.id() == vfio_h.VFIO_REGION_INFO_CAP_MSIX_MAPPABLE()) {
      return new MsixMappable();
    }
    return new Other(link.id(), link.version());
  }

  private static List<Area> areas(MemorySegment bytes) {
    var areas = new ArrayList<Area>();
    MemorySegment array = bytes.asSlice(vfio_region_info_cap_sparse_mmap.sizeof());
    long whole = array.byteSize() / vfio_region_sparse_mmap_area.sizeof();
    long told = Integer.toUnsignedLong(vfio_region_info_cap_sparse_mmap.nr_areas(bytes));
    for (long i = 0; i < Math.min(whole, told); i++) {
      // Only newer kernels put every capability at a multiple of 8, as the layout wants.
      long at = i * vfio_region_sparse_mmap_area.sizeof();
      areas.add(
          new Area(
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
      return new AtomicCompletion(vfio_device_info_cap_pci_atomic_comp.flags(bytes));
    }
    return new Other(link.id(), link.version());
  }
}
