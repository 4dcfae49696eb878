// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.kernel;

/**
 * The kind of file that a descriptor is open on. VFIO numbers the requests of a container and those
 * of a device alike, so a number names a request only together with this.
 */
public enum FileKind {
  /** {@code /dev/iommu}. */
  IOMMUFD,
  /** {@code /dev/vfio/devices/vfioN}, or a device descriptor of a VFIO group. */
  VFIO_DEVICE,
  /** {@code /dev/vfio/N}. */
  VFIO_GROUP,
  /** {@code /dev/vfio/vfio}. */
  VFIO_CONTAINER,
  /** Not known, as for a descriptor that another process opened. */
  UNKNOWN;

  private static final String VFIO = "/dev/vfio/";

  /**
   * {@return the kind of file that {@code open(2)} of a path gives}
   *
   * @param path absolute
   */
  public static FileKind of(String path) {
    if (path.equals("/dev/iommu")) {
      return IOMMUFD;
    }
    if (path.startsWith(VFIO + "devices/")) {
      return VFIO_DEVICE;
    }
    if (path.equals(VFIO + "vfio")) {
      return VFIO_CONTAINER;
    }
    return path.startsWith(VFIO) ? VFIO_GROUP : UNKNOWN;
  }
}
