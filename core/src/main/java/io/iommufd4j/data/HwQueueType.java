// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.data;

import io.iommufd4j.bindings.iommufd.iommufd_h;

/**
 * A kind of queue that hardware reads by itself ({@code enum iommu_hw_queue_type}).
 *
 * @param value the kernel's number; 0 is none
 */
public record HwQueueType(int value) {

  /**
   * A virtual command queue of an NVIDIA Tegra241. They are made in the order of their indexes from
   * 0, and destroyed in the other. The memory of one is a power of two of bytes, at least 32, and
   * aligned to its length.
   */
  public static final HwQueueType TEGRA241_CMDQV =
      new HwQueueType(iommufd_h.IOMMU_HW_QUEUE_TYPE_TEGRA241_CMDQV());
}
