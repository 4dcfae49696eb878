// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.vmm;

import io.iommufd4j.uapi.HwptFlag;

/**
 * A purpose that a new HWPT is made for. Apart from {@link HwptFlag}, which knows the kernel's
 * numbers, so that reading a command line loads none of these.
 */
public enum RunningFlag {
  /** Pages that DMA writes can be tracked. */
  DIRTY_TRACKING,
  /** It can be attached to PASIDs. */
  PASID;

  /** The flag of the request. */
  public HwptFlag flag() {
    return switch (this) {
      case DIRTY_TRACKING -> HwptFlag.DIRTY_TRACKING;
      case PASID -> HwptFlag.PASID;
    };
  }
}
