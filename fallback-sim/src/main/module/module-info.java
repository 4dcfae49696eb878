// SPDX-License-Identifier: Apache-2.0
/** A simulated Linux that answers iommufd and VFIO requests, with machines to run it on. */
module io.iommufd4j.sim {
  requires transitive io.iommufd4j.core;
  requires static transitive org.jspecify;
  requires com.google.common;
  requires com.google.common.jimfs;

  exports io.iommufd4j.sim;

  provides io.iommufd4j.kernel.KernelProvider with
      io.iommufd4j.sim.SimProvider;
}
