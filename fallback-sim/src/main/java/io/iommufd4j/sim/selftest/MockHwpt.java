// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.selftest;

import io.iommufd4j.bindings.selftest.iommu_test_cmd;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommufd.PagingHwpt;
import io.iommufd4j.sim.iommufd.command.Command;
import io.iommufd4j.sim.lib.Refused;
import java.util.function.Consumer;

/**
 * The HWPT that {@code id} of a request names, where it is the mock's ({@code get_md_pagetable}).
 */
final class MockHwpt {

  private MockHwpt() {}

  /**
   * Works with its domain while it is held.
   *
   * @throws Refused ENOENT when there is none, or an object of another type; EINVAL for another
   *     driver's
   */
  static void with(Command command, Consumer<MockPagingDomain> work) {
    PagingHwpt hwpt = command.objects().get(iommu_test_cmd.id(command.block()), PagingHwpt.class);
    try {
      if (!(hwpt.domain() instanceof MockPagingDomain domain)) {
        throw Refused.with(Errno.EINVAL);
      }
      work.accept(domain);
    } finally {
      command.objects().put(hwpt);
    }
  }
}
