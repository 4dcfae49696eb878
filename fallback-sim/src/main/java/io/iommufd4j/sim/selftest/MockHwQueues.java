// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.selftest;

import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_TEST_HW_QUEUE_MAX;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.HwQueueCore;
import io.iommufd4j.sim.lib.Refused;
import org.jspecify.annotations.Nullable;

/** The queues of a mock vIOMMU, each of which needs the one before it. */
final class MockHwQueues {

  private final @Nullable HwQueueCore[] queues = new @Nullable HwQueueCore[count()];

  private static int count() {
    return IOMMU_TEST_HW_QUEUE_MAX();
  }

  /**
   * {@code mock_hw_queue_init_phys}.
   *
   * @param index unsigned
   * @return what undoes it
   * @throws Refused EINVAL for an index that is too high, EEXIST when it is taken, EIO when the one
   *     before it is not
   */
  synchronized Runnable add(HwQueueCore queue, int index) {
    if (Integer.compareUnsigned(index, count()) >= 0) {
      throw Refused.with(Errno.EINVAL);
    }
    if (queues[index] != null) {
      throw Refused.with(Errno.EEXIST);
    }
    HwQueueCore before = index == 0 ? null : queues[index - 1];
    if (index > 0 && before == null) {
      throw Refused.with(Errno.EIO);
    }
    if (before != null) {
      queue.dependOn(before);
    }
    queues[index] = queue;
    return () -> remove(queue, before);
  }

  /**
   * {@code mock_hw_queue_destroy}. The driver does not note which index a queue has, so that every
   * one takes index 0 from whoever has it, and any other index stays taken.
   */
  private synchronized void remove(HwQueueCore queue, @Nullable HwQueueCore before) {
    queues[0] = null;
    if (before != null) {
      queue.releaseFrom(before);
    }
  }
}
