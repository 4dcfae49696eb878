// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu;

import io.iommufd4j.sim.lib.Refused;

/**
 * A queue in guest memory that hardware reads, as its driver sees it ({@code iommufd_hw_queue}).
 */
public interface HwQueueCore {

  /** {@code enum iommu_hw_queue_type}. */
  int type();

  /** The guest physical address of its first byte. */
  long baseAddress();

  /** The length of the queue in bytes. */
  long length();

  /**
   * {@code iommufd_hw_queue_depend}: keeps another queue for as long as this one is not done with
   * it.
   *
   * @throws Refused EINVAL for itself
   */
  void dependOn(HwQueueCore other);

  /** {@code iommufd_hw_queue_undepend}. */
  void releaseFrom(HwQueueCore other);
}
