/** iommufd for Java: the typed API, the seam below it, and the host's own kernel. */
module io.iommufd4j.core {
  requires transitive io.iommufd4j.bindings;
  requires static transitive org.jspecify;

  exports io.iommufd4j.kernel;

  uses io.iommufd4j.kernel.KernelProvider;
}
