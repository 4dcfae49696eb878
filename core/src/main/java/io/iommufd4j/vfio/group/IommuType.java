// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio.group;

import io.iommufd4j.bindings.vfio.vfio_h;

/** The ways in which a container maps memory for its groups ({@code VFIO_*_IOMMU}). */
public enum IommuType {
  /** An unmap that meets the first page of a mapping takes all of it. */
  TYPE1(vfio_h.VFIO_TYPE1_IOMMU()),
  /** An unmap takes whole mappings, and never part of one. */
  TYPE1_V2(vfio_h.VFIO_TYPE1v2_IOMMU()),
  /** Nothing is translated: groups of devices without an IOMMU. */
  NO_IOMMU(vfio_h.VFIO_NOIOMMU_IOMMU());

  private final int number;

  IommuType(int number) {
    this.number = number;
  }

  /** {@return the number that {@code VFIO_SET_IOMMU} takes} */
  public int number() {
    return number;
  }
}
