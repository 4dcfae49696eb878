/** The Linux UAPI as jextract read it: layouts, constants and libc addresses; nothing that behaves. */
module io.iommufd4j.bindings {
  exports io.iommufd4j.bindings.iommufd;
  exports io.iommufd4j.bindings.vfio;
  exports io.iommufd4j.bindings.libc;
  exports io.iommufd4j.bindings.pci;
  exports io.iommufd4j.bindings.selftest;
}
