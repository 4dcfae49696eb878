// SPDX-License-Identifier: Apache-2.0
/** iommufd for Java: the typed API, the seam below it, and the host's own kernel. */
module io.iommufd4j.core {
  requires io.iommufd4j.bindings;
  requires static transitive org.jspecify;
  requires org.jnrproject.posix;
  requires org.jnrproject.constants;

  // JNR's modules are automatic: they name nothing that they use, so it is named here. Tools that
  // put on the module path only what is required, as Surefire does, leave the rest on the class
  // path.
  requires org.jnrproject.ffi;
  requires org.jnrproject.jffi;
  requires java.logging;
  requires java.management;
  requires jdk.unsupported;
  requires org.objectweb.asm;
  requires org.objectweb.asm.commons;
  requires org.objectweb.asm.tree;
  requires org.objectweb.asm.tree.analysis;
  requires org.objectweb.asm.util;

  exports io.iommufd4j;
  exports io.iommufd4j.data;
  exports io.iommufd4j.error;
  exports io.iommufd4j.event;
  exports io.iommufd4j.kernel;
  exports io.iommufd4j.pci;
  exports io.iommufd4j.process;
  exports io.iommufd4j.uapi;
  exports io.iommufd4j.vfio;
  exports io.iommufd4j.vfio.feature;
  exports io.iommufd4j.vfio.group;
  exports io.iommufd4j.vfio.interrupt;
  exports io.iommufd4j.vfio.reset;
  exports io.iommufd4j.linux to
      io.iommufd4j.exec,
      io.iommufd4j.sim;
  exports io.iommufd4j.wire to
      io.iommufd4j.sim;

  provides io.iommufd4j.kernel.KernelProvider with
      io.iommufd4j.linux.NativeProvider;

  uses io.iommufd4j.kernel.KernelProvider;
}
