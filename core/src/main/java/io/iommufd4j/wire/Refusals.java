package io.iommufd4j.wire;

import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.uapi.ObjectId;
import org.jspecify.annotations.Nullable;

/** Makes the exception of a call that the kernel refused, with the hint that its errno deserves. */
final class Refusals {

  private static final int NO_FD = -1;

  private Refusals() {}

  /**
   * A call on a descriptor.
   *
   * @param kernel which kernel; the hint draws on what it shows of the process and the host
   * @param command the request's or the system call's name, as {@code IOMMU_IOAS_MAP}
   * @param errno the errno, positive or negated
   * @param object the object that the call was about
   */
  static KernelException onFd(
      Kernel kernel, String command, int errno, int fd, @Nullable ObjectId object) {
    return new KernelException(command, "", errno, fd, object, Hints.of(command, errno, kernel));
  }

  /** A call on a descriptor, with a hint that asks the kernel and sysfs for the cause. */
  static KernelException hinted(
      Kernel kernel, String command, int errno, int fd, @Nullable ObjectId object, Hint asked) {
    String hint = Hints.of(command, errno, kernel, asked);
    return new KernelException(command, "", errno, fd, object, hint);
  }

  /** A call on a path. */
  static KernelException onPath(Kernel kernel, String command, String path, int errno) {
    String hint = Hints.ofPath(command, path, errno, kernel);
    return new KernelException(command, path, errno, NO_FD, null, hint);
  }
}
