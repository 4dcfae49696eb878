package io.iommufd4j;

import io.iommufd4j.uapi.PageTableId;

/** A handle of something a device can be attached to: an IOAS or a HWPT. */
public sealed interface PageTable permits IoasRef, HwptRef {

  /** Its id. */
  PageTableId id();

  /** The iommufd it lives in. */
  IommufdRef iommufd();
}
