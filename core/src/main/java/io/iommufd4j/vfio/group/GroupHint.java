// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio.group;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.kernel.Request;

/** The meaning of an errno at a request of a group ({@code drivers/vfio/group.c}). */
final class GroupHint {

  private GroupHint() {}

  static String of(Request request, ErrnoCode errno) {
    return switch (request) {
      case VFIO_GROUP_SET_CONTAINER -> put(errno);
      case VFIO_GROUP_UNSET_CONTAINER -> take(errno);
      case VFIO_GROUP_GET_DEVICE_FD -> open(errno);
      default -> "";
    };
  }

  private static String put(ErrnoCode errno) {
    return switch (errno) {
      case Errno.EINVAL -> "the group is in a container already";
      case Errno.EBADFD -> "the descriptor is neither a container nor an iommufd";
      case Errno.EBADF -> "the descriptor is closed";
      case Errno.EBUSY -> "a driver of the host has a device of the group";
      case Errno.EPERM ->
          "a group without an IOMMU takes CAP_SYS_RAWIO, and a container without other groups";
      default -> "";
    };
  }

  private static String take(ErrnoCode errno) {
    return switch (errno) {
      case Errno.EINVAL -> "the group is in no container";
      case Errno.EBUSY -> "a device of the group is open";
      default -> "";
    };
  }

  private static String open(ErrnoCode errno) {
    return switch (errno) {
      case Errno.EINVAL ->
          "the group is in no container, the container's IOMMU is not chosen, or the device takes no"
              + " VF token";
      case Errno.ENODEV -> "the device is not of this group, or no VFIO driver has it";
      case Errno.EACCES ->
          "the device wants the VF token that the user of its physical function chose";
      case Errno.EPERM ->
          "the group's interrupts are not isolated: iommufd.allow_unsafe_interrupts=1 lets them"
              + " pass";
      default -> "";
    };
  }
}
