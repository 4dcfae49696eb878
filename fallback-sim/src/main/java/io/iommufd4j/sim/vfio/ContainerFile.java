// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio;

import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_API_VERSION;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.FileKind;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.vfio.type1.ContainerIommu;

/** An open {@code /dev/vfio/vfio}. */
final class ContainerFile implements OpenFile {

  private final Container container;

  ContainerFile(Container container) {
    this.container = container;
  }

  /** The container that the file is open on. */
  Container container() {
    return container;
  }

  /** {@code vfio_fops_unl_ioctl}: EINVAL for what needs an IOMMU while none is chosen. */
  @Override
  public int ioctl(int number, long argument) {
    Request request = Request.find(number, FileKind.VFIO_CONTAINER).orElse(null);
    return switch (request) {
      case VFIO_GET_API_VERSION -> VFIO_API_VERSION();
      case VFIO_SET_IOMMU -> {
        container.choose(argument);
        yield 0;
      }
      case null -> throw Refused.with(container.iommu() == null ? Errno.EINVAL : Errno.ENOTTY);
      default -> askIommu(request, argument);
    };
  }

  private int askIommu(Request request, long argument) {
    ContainerIommu iommu = container.iommu();
    if (iommu != null) {
      return iommu.ioctl(request, argument);
    }
    if (request == Request.VFIO_CHECK_EXTENSION) {
      return container.offers(argument) ? 1 : 0;
    }
    throw Refused.with(Errno.EINVAL);
  }
}
