// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.wire;

import io.iommufd4j.error.ErrnoException;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.uapi.ObjectId;
import org.jspecify.annotations.Nullable;

/** Makes the exception of a call that a kernel refused, with the hint for its errno. */
final class Refusals {

  private Refusals() {}

  /**
   * A request.
   *
   * @param kernel which kernel; the hint draws on what it shows of the process and the host
   * @param result −errno, as the call returned it
   * @param object the object that the request was about
   */
  static KernelException request(
      Kernel kernel, Request request, int result, int fd, @Nullable ObjectId object) {
    return request(kernel, request, result, fd, object, _ -> "");
  }

  /** A request, with a hint that asks the kernel and sysfs for the cause. */
  static KernelException request(
      Kernel kernel, Request request, int result, int fd, @Nullable ObjectId object, Hint asked) {
    ErrnoCode errno = ErrnoCode.of(result);
    String found = ask(asked, errno);
    String hint = found.isEmpty() ? RequestHints.of(request, errno, kernel) : found;
    return KernelException.onFd(request.name(), errno, fd, object, hint);
  }

  /** A system call on a descriptor, or on memory where that is −1. */
  static KernelException call(String call, long result, int fd) {
    ErrnoCode errno = ErrnoCode.of((int) result);
    return KernelException.onFd(call, errno, fd, null, RequestHints.ofCall(errno));
  }

  /** {@code open(2)}. */
  static KernelException open(Kernel kernel, String path, int result) {
    ErrnoCode errno = ErrnoCode.of(result);
    return KernelException.onPath("open", path, errno, ask(new OpenHint(kernel, path), errno));
  }

  /** A question that fails is no answer, and must not hide the refusal that it was about. */
  private static String ask(Hint asked, ErrnoCode errno) {
    try {
      return asked.of(errno);
    } catch (ErrnoException | IllegalStateException unanswered) {
      return "";
    }
  }
}
