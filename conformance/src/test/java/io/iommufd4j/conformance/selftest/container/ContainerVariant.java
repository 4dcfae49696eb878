// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.container;

import io.iommufd4j.bindings.vfio.vfio_h;

/** The VFIO container type that the IOAS stands in for. */
enum ContainerVariant {
  VER1V2("Ver1v2", vfio_h.VFIO_TYPE1v2_IOMMU()),
  VER1V0("Ver1v0", vfio_h.VFIO_TYPE1_IOMMU());

  private final String kernelName;
  private final int type;

  ContainerVariant(String kernelName, int type) {
    this.kernelName = kernelName;
    this.type = type;
  }

  /** {@code VFIO_TYPE1_IOMMU} or {@code VFIO_TYPE1v2_IOMMU}. */
  int type() {
    return type;
  }

  @Override
  public String toString() {
    return kernelName;
  }
}
