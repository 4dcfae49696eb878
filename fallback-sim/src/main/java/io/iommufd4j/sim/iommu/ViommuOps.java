// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import org.jspecify.annotations.Nullable;

/** The driver's operations for one virtual IOMMU ({@code struct iommufd_viommu_ops}). */
public interface ViommuOps {

  /**
   * {@code alloc_domain_nested}.
   *
   * @param flags {@code IOMMU_HWPT_ALLOC_*}, the fault queue's apart
   * @throws Refused EOPNOTSUPP when the driver has no such operation, else as it answers
   */
  default NestedDomain allocNested(int flags, UserData data) {
    throw Refused.with(Errno.EOPNOTSUPP);
  }

  /**
   * {@code cache_invalidate}. Counts in the array what it has carried out.
   *
   * @throws Refused EOPNOTSUPP when the driver has no such operation, else as it answers
   */
  default void invalidate(UserDataArray requests) {
    throw Refused.with(Errno.EOPNOTSUPP);
  }

  /**
   * {@code vdevice_init}: a device gets a number in the guest.
   *
   * @param virtualId what the guest calls it, unsigned
   * @return what undoes it, if anything
   * @throws Refused as the driver answers
   */
  default @Nullable Runnable initVdevice(IommuDevice device, long virtualId) {
    return null;
  }

  /** {@code get_hw_queue_size}: whether it lets hardware read queues of a type in guest memory. */
  default boolean hasHwQueues(int type) {
    return false;
  }

  /**
   * {@code hw_queue_init_phys}.
   *
   * @param index which of the guest's queues, unsigned
   * @param physical address of its first byte; the rest follows without a gap
   * @return what undoes it, if anything
   * @throws Refused as the driver answers
   */
  default @Nullable Runnable initHwQueue(HwQueueCore queue, int index, long physical) {
    return null;
  }

  /** {@code destroy}. Nothing of the virtual IOMMU's is left by now. */
  default void destroy() {}
}
