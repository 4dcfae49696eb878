package io.iommufd4j;

import io.iommufd4j.bindings.iommufd.iommufd_h;

/** What a device's DMA may do with a mapping. */
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

  int flags() {
    return flags;
  }

  int fixedFlags() {
    return flags | iommufd_h.IOMMU_IOAS_MAP_FIXED_IOVA();
  }
}
