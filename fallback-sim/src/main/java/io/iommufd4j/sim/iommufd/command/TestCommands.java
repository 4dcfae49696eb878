// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.command;

import io.iommufd4j.sim.lib.Refused;

/**
 * Serves {@code IOMMU_TEST_CMD} of a kernel with {@code CONFIG_IOMMUFD_TEST} ({@code
 * iommufd_test}).
 */
@FunctionalInterface
public interface TestCommands {

  /**
   * Runs one.
   *
   * @throws Refused with what the kernel answers
   */
  void execute(Command command);
}
