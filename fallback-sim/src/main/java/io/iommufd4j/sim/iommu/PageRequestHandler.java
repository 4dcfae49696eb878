package io.iommufd4j.sim.iommu;

/** Who looks after the page requests that meet a domain ({@code iommu_domain::iopf_handler}). */
@FunctionalInterface
public interface PageRequestHandler {

  /** Takes a complete group, and answers it some time. */
  void handle(PageRequestGroup group);
}
