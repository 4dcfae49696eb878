// SPDX-License-Identifier: Apache-2.0
/** Programs of any language on a kernel: what they ask of iommufd and VFIO is answered here. */
module io.iommufd4j.exec {
  requires com.fasterxml.jackson.jr.ob;
  requires transitive io.iommufd4j.core;
  requires transitive io.iommufd4j.sim;
  requires jdk.net;
  requires static transitive org.jspecify;

  exports io.iommufd4j.exec;
  exports io.iommufd4j.exec.record;
  exports io.iommufd4j.exec.replay;
  exports io.iommufd4j.exec.trace;
}
