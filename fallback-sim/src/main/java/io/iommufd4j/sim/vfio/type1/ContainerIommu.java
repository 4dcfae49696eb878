// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio.type1;

import io.iommufd4j.kernel.Request;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.lib.Refused;

/**
 * The IOMMU backend of a container, which translates its DMA ({@code struct
 * vfio_iommu_driver_ops}).
 */
public interface ContainerIommu {

  /**
   * {@code VFIO_CHECK_EXTENSION}, and every request that the container has no answer to.
   *
   * @throws Refused ENOTTY for one that it does not know
   */
  int ioctl(Request request, long argument);

  /**
   * {@code attach_group}.
   *
   * @throws Refused when the group does not fit; nothing has changed then
   */
  void attach(IommuGroup group);

  /** {@code detach_group}. */
  void detach(IommuGroup group);
}
