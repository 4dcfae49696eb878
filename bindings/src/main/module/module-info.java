/** The Linux UAPI as jextract read it: layouts, constants and libc addresses; nothing that behaves. */
module io.iommufd4j.bindings {
  exports io.iommufd4j.bindings.iommufd to io.iommufd4j.core, io.iommufd4j.sim;
  exports io.iommufd4j.bindings.vfio to io.iommufd4j.core, io.iommufd4j.sim;
  exports io.iommufd4j.bindings.libc to io.iommufd4j.core, io.iommufd4j.sim;
  exports io.iommufd4j.bindings.pci to io.iommufd4j.core, io.iommufd4j.sim;
  exports io.iommufd4j.bindings.selftest to io.iommufd4j.core, io.iommufd4j.sim;
}
