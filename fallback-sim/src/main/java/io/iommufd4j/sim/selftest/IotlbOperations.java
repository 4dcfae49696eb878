// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.selftest;

import io.iommufd4j.bindings.selftest.iommu_test_cmd;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommufd.NestedHwpt;
import io.iommufd4j.sim.iommufd.command.Command;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;

/**
 * The check of the cached entries of a guest's page table: {@code IOMMU_TEST_OP_MD_CHECK_IOTLB}.
 */
final class IotlbOperations {

  private IotlbOperations() {}

  /**
   * ENOENT for an unknown object or one that is no nested HWPT, EINVAL for another driver's or
   * another value.
   */
  static void check(Command command) {
    MemorySegment operation = iommu_test_cmd.check_iotlb(command.block());
    int entry = iommu_test_cmd.check_iotlb.id(operation);
    int value = iommu_test_cmd.check_iotlb.iotlb(operation);
    int id = iommu_test_cmd.id(command.block());
    NestedHwpt hwpt = command.objects().get(id, NestedHwpt.class);
    try {
      if (!(hwpt.domain() instanceof MockNestedDomain nested) || !nested.caches(entry, value)) {
        throw Refused.with(Errno.EINVAL);
      }
    } finally {
      command.objects().put(hwpt);
    }
  }
}
