// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio;

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
}
