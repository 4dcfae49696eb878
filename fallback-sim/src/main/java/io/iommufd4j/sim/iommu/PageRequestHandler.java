// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu;

/** The handler of page requests in a domain ({@code iommu_domain::iopf_handler}). */
@FunctionalInterface
public interface PageRequestHandler {

  /** Takes a complete group, and answers it some time. */
  void handle(PageRequestGroup group);
}
