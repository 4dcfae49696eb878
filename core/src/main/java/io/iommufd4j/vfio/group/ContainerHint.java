// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio.group;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.wire.Hint;

/**
 * Finds why a container refused ({@code vfio_ioctl_set_iommu}, {@code vfio_dma_do_map}, {@code
 * vfio_dma_do_unmap}).
 */
record ContainerHint(VfioContainerRef container, Request request) implements Hint {

  @Override
  public String of(ErrnoCode errno) {
    return switch (request) {
      case VFIO_SET_IOMMU -> choose(errno);
      case VFIO_IOMMU_MAP_DMA -> map(errno);
      case VFIO_IOMMU_UNMAP_DMA -> unmap(errno);
      default -> "";
    };
  }

  private static String choose(ErrnoCode errno) {
    return switch (errno) {
      case Errno.EINVAL -> "the container has no group yet, or its IOMMU is chosen already";
      case Errno.ENODEV -> "the kernel has no such type of IOMMU, or the group's devices have none";
      case Errno.EPERM ->
          "the group's interrupts are not isolated"
              + " (vfio_iommu_type1.allow_unsafe_interrupts=1 lets them pass), or without an IOMMU"
              + " the process lacks CAP_SYS_RAWIO";
      default -> "";
    };
  }

  private String map(ErrnoCode errno) {
    return switch (errno) {
      case Errno.EEXIST -> "something is mapped in the range";
      case Errno.ENOSPC -> "the container has as many mappings as the kernel allows";
      case Errno.ENOENT -> "nothing is mapped at that IOVA, so that it takes no address";
      case Errno.EFAULT -> "the memory is not there, or cannot be written as the access needs";
      // Asking answers EINVAL as well without an IOMMU, and leaves the hint of any EINVAL.
      case Errno.EINVAL ->
          "address, length or IOVA is no multiple of the page size, the length is 0, or the IOVA"
              + " lies outside of "
              + container.info().ranges();
      default -> "";
    };
  }

  private static String unmap(ErrnoCode errno) {
    return errno == Errno.EINVAL
        ? "the range cuts a mapping in two, is empty or no multiple of the page size, or no IOMMU is"
            + " chosen"
        : "";
  }
}
