/** A simulated Linux that answers iommufd and VFIO requests, with machines to run it on. */
module io.iommufd4j.sim {
  requires transitive io.iommufd4j.core;
  requires io.iommufd4j.bindings;
  requires static transitive org.jspecify;
  requires com.google.common;
  requires com.google.common.jimfs;

  exports io.iommufd4j.sim;
  exports io.iommufd4j.sim.device;
  exports io.iommufd4j.sim.driver;
  exports io.iommufd4j.sim.iommu;
  exports io.iommufd4j.sim.iommu.hardware;
  exports io.iommufd4j.sim.mm;
  exports io.iommufd4j.sim.pci;
  exports io.iommufd4j.sim.vfio;

  provides io.iommufd4j.kernel.KernelProvider with
      io.iommufd4j.sim.SimProvider;
}
