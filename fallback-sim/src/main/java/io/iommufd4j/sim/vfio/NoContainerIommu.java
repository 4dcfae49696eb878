// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio;

import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_NOIOMMU_IOMMU;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.Accounting;
import io.iommufd4j.sim.vfio.type1.ContainerIommu;

/** The IOMMU backend of a container whose devices have no IOMMU: it translates nothing. */
final class NoContainerIommu implements ContainerIommu {

  private final VfioParameters parameters;

  private NoContainerIommu(VfioParameters parameters) {
    this.parameters = parameters;
  }

  /** {@code VFIO_CHECK_EXTENSION}: the module parameter decides each time anew. */
  static boolean offers(VfioParameters parameters, long extension) {
    return parameters.unsafeNoIommu().get() && extension == VFIO_NOIOMMU_IOMMU();
  }

  /**
   * {@code vfio_noiommu_open}.
   *
   * @throws Refused ENODEV for any other type, and for this one while the parameter is off; EPERM
   *     without {@code CAP_SYS_RAWIO}
   */
  static NoContainerIommu open(VfioParameters parameters, Accounting accounting, long type) {
    if (!offers(parameters, type)) {
      throw Refused.with(Errno.ENODEV);
    }
    if (!accounting.privileged()) {
      throw Refused.with(Errno.EPERM);
    }
    return new NoContainerIommu(parameters);
  }

  @Override
  public int ioctl(Request request, long argument) {
    if (request == Request.VFIO_CHECK_EXTENSION) {
      return offers(parameters, argument) ? 1 : 0;
    }
    throw Refused.with(Errno.ENOTTY);
  }

  @Override
  public void attach(IommuGroup group) {}

  @Override
  public void detach(IommuGroup group) {}
}
