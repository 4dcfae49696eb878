// SPDX-License-Identifier: Apache-2.0
/** A simulated Linux that answers iommufd and VFIO requests, with machines to run it on. */
module io.iommufd4j.sim {
  requires transitive io.iommufd4j.core;
  requires io.iommufd4j.bindings;
  requires static transitive org.jspecify;
  requires org.snakeyaml.engine;

  exports io.iommufd4j.sim;
  exports io.iommufd4j.sim.device;
  exports io.iommufd4j.sim.fs to
      io.iommufd4j.exec;
  exports io.iommufd4j.sim.lib to
      io.iommufd4j.exec;
  exports io.iommufd4j.sim.mm to
      io.iommufd4j.exec;

  provides io.iommufd4j.kernel.KernelProvider with
      io.iommufd4j.sim.SimProvider;
}
