package io.iommufd4j.sim.vfio;

import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_API_VERSION;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_CHECK_EXTENSION;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_GET_API_VERSION;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_SET_IOMMU;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.vfio.type1.ContainerIommu;

/** An open {@code /dev/vfio/vfio}. */
final class ContainerFile implements OpenFile {

  private final Container container;

  ContainerFile(Container container) {
    this.container = container;
  }

  /** What it is open on. */
  Container container() {
    return container;
  }

  /** {@code vfio_fops_unl_ioctl}: EINVAL for what needs an IOMMU while none is chosen. */
  @Override
  public int ioctl(int request, long argument) {
    if (request == VFIO_GET_API_VERSION()) {
      return VFIO_API_VERSION();
    }
    if (request == VFIO_SET_IOMMU()) {
      container.choose(argument);
      return 0;
    }
    ContainerIommu iommu = container.iommu();
    if (iommu != null) {
      return iommu.ioctl(request, argument);
    }
    if (request == VFIO_CHECK_EXTENSION()) {
      return container.offers(argument) ? 1 : 0;
    }
    throw Refused.with(Errno.EINVAL);
  }
}
