// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd;

import io.iommufd4j.sim.lib.Refused;

/** Answers the requests to an open {@code /dev/iommu}. */
@FunctionalInterface
public interface RequestHandler {

  /**
   * Runs a request.
   *
   * @param argument an address in user memory, or a number
   * @return 0 or more
   * @throws Refused with what the kernel answers
   */
  int ioctl(int request, long argument);
}
