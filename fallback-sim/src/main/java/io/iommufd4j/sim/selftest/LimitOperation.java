// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.selftest;

import io.iommufd4j.bindings.selftest.iommu_test_cmd;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommufd.command.Command;
import io.iommufd4j.sim.lib.Refused;

/** {@code IOMMU_TEST_OP_SET_TEMP_MEMORY_LIMIT}. */
final class LimitOperation {

  /** A page frame number and a count of pages: the least that a batch of pages holds. */
  private static final int SMALLEST_BATCH = Long.BYTES + Integer.BYTES;

  private LimitOperation() {}

  /**
   * Sets the memory that Linux takes for a batch of pages, in bytes. EINVAL for less than one
   * entry; any other limit costs Linux time and changes no result, so nothing is stored.
   */
  static void set(Command command) {
    int limit = iommu_test_cmd.memory_limit.limit(iommu_test_cmd.memory_limit(command.block()));
    if (Integer.compareUnsigned(limit, SMALLEST_BATCH) < 0) {
      throw Refused.with(Errno.EINVAL);
    }
  }
}
