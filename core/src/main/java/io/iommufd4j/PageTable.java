// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j;

import io.iommufd4j.uapi.PageTableId;

/** A handle of something a device can be attached to: an IOAS or a HWPT. */
public sealed interface PageTable permits IoasRef, HwptRef {

  /** {@return its id, an IOAS's or a HWPT's} */
  PageTableId id();

  /** {@return the iommufd it lives in} */
  IommufdRef iommufd();
}
