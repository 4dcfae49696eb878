// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.uapi;

import io.iommufd4j.bindings.iommufd.iommufd_h;

/** The access of a device's DMA to a mapping. */
public enum Access {
  /** The device reads memory ({@code IOMMU_IOAS_MAP_READABLE}). */
  READ(iommufd_h.IOMMU_IOAS_MAP_READABLE()),
  /** The device writes memory ({@code IOMMU_IOAS_MAP_WRITEABLE}). */
  WRITE(iommufd_h.IOMMU_IOAS_MAP_WRITEABLE()),
  /** Both. */
  READ_WRITE(iommufd_h.IOMMU_IOAS_MAP_READABLE() | iommufd_h.IOMMU_IOAS_MAP_WRITEABLE());

  private final int flags;

  Access(int flags) {
    this.flags = flags;
  }

  /**
   * {@return true if flags of a map say that the caller chooses the IOVA}
   *
   * @param flags {@code IOMMU_IOAS_MAP_*}
   */
  public static boolean isFixed(int flags) {
    return (flags & iommufd_h.IOMMU_IOAS_MAP_FIXED_IOVA()) != 0;
  }

  /**
   * {@return true if flags of a map let the device write}
   *
   * @param flags {@code IOMMU_IOAS_MAP_*}
   */
  public static boolean writes(int flags) {
    return (flags & iommufd_h.IOMMU_IOAS_MAP_WRITEABLE()) != 0;
  }

  /** {@return the {@code IOMMU_IOAS_MAP_*} flags of a map at an IOVA of the kernel's choice} */
  public int flags() {
    return flags;
  }

  /**
   * {@return the flags of a map at an IOVA of the caller's choice ({@code
   * IOMMU_IOAS_MAP_FIXED_IOVA})}
   */
  public int fixedFlags() {
    return flags | iommufd_h.IOMMU_IOAS_MAP_FIXED_IOVA();
  }
}
