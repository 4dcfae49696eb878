// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.wire;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.kernel.Request;

/** {@link RequestHints} of the requests for guests, and of the rarer ones of an iommufd. */
final class GuestHints {

  private GuestHints() {}

  static String of(Request request, ErrnoCode errno) {
    return switch (request) {
      case IOMMU_VIOMMU_ALLOC -> viommu(errno);
      case IOMMU_VDEVICE_ALLOC -> vdevice(errno);
      case IOMMU_VEVENTQ_ALLOC -> eventQueue(errno);
      case IOMMU_HW_QUEUE_ALLOC -> hwQueue(errno);
      case IOMMU_GET_HW_INFO -> hardware(errno);
      case IOMMU_IOAS_CHANGE_PROCESS ->
          errno == Errno.EINVAL
              ? "memory is mapped by its address: only what IOMMU_IOAS_MAP_FILE maps can change"
                  + " hands"
              : "";
      default -> "";
    };
  }

  private static String viommu(ErrnoCode errno) {
    return switch (errno) {
      case Errno.EOPNOTSUPP ->
          "the device's IOMMU, or this kernel's driver for it, has no vIOMMU of this kind (an SMMUv3"
              + " has them where it can force memory attributes, FWB)";
      case Errno.EINVAL ->
          "the parent HWPT was not made with IOMMU_HWPT_ALLOC_NEST_PARENT, or the data is not what"
              + " the driver takes";
      case Errno.ENOENT -> "the iommufd has no such device, or no such HWPT that an IOAS fills";
      default -> "";
    };
  }

  private static String vdevice(ErrnoCode errno) {
    return switch (errno) {
      case Errno.EEXIST -> "the device is in a guest already, or this one has another of that id";
      case Errno.EINVAL -> "another IOMMU than the vIOMMU's is before the device";
      case Errno.ENOENT -> "the iommufd has no such device, or no such vIOMMU";
      default -> "";
    };
  }

  private static String eventQueue(ErrnoCode errno) {
    return switch (errno) {
      case Errno.EEXIST -> "the vIOMMU has a queue for events of this kind";
      case Errno.EINVAL -> "a queue holds from 1 to 2^19 events";
      case Errno.EOPNOTSUPP -> "there are no events of kind 0";
      default -> "";
    };
  }

  private static String hwQueue(ErrnoCode errno) {
    return switch (errno) {
      case Errno.EOPNOTSUPP -> "the vIOMMU's driver has no hardware queues of this kind";
      case Errno.EEXIST -> "the vIOMMU has a queue of this kind and index";
      case Errno.ENOENT ->
          "the nesting parent does not map all of the queue's memory, or there is no such vIOMMU";
      case Errno.EFAULT -> "the queue's memory is not physically contiguous";
      case Errno.EPERM -> "the queue's memory is not mapped for reading";
      case Errno.EIO -> "the driver takes queues in the order of their indexes";
      case Errno.EOVERFLOW, Errno.ERANGE -> "the queue's memory wraps around";
      default -> "";
    };
  }

  private static String hardware(ErrnoCode errno) {
    return errno == Errno.EOPNOTSUPP
        ? "the device has no IOMMU, or its driver reports nothing of this type"
        : "";
  }
}
