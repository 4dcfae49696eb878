// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.error;

import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.uapi.ObjectId;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The kernel refused a request or a system call. */
public final class KernelException extends ErrnoException {

  private static final long serialVersionUID = 1L;

  private static final int NO_FD = -1;

  /** See {@link #fd()}. */
  private final int fd;

  private final transient @Nullable ObjectId object;

  private KernelException(
      String call,
      String subject,
      ErrnoCode errno,
      int fd,
      @Nullable ObjectId object,
      String hint) {
    super(message(call, subject, errno, fd, object, hint), call, errno, hint);
    this.fd = fd;
    this.object = object;
  }

  /**
   * {@return the exception of a call on a descriptor that was refused}
   *
   * @param call the request's or the system call's name, as {@code IOMMU_IOAS_MAP}
   * @param errno the kernel's answer
   * @param fd the descriptor; −1 for a call on memory
   * @param object the object that the call was about; null without one
   * @param hint the cause and what would help; empty when that is not known
   */
  public static KernelException onFd(
      String call, ErrnoCode errno, int fd, @Nullable ObjectId object, String hint) {
    return new KernelException(call, "", errno, fd, object, hint);
  }

  /**
   * {@return the exception of a call on a path that was refused}
   *
   * @param call the system call's name, as {@code open}
   * @param path the file
   * @param errno the kernel's answer
   * @param hint the cause and what would help; empty when that is not known
   */
  public static KernelException onPath(String call, String path, ErrnoCode errno, String hint) {
    return new KernelException(call, path, errno, NO_FD, null, hint);
  }

  /** {@return the descriptor it was made on; −1 for a call on a path or on memory} */
  public int fd() {
    return fd;
  }

  /** {@return the object that the call was about; empty for none, or after deserialization} */
  public Optional<ObjectId> object() {
    return Optional.ofNullable(object);
  }

  private static String message(
      String call,
      String subject,
      ErrnoCode errno,
      int fd,
      @Nullable ObjectId object,
      String hint) {
    var line = new StringBuilder(call);
    if (!subject.isEmpty()) {
      line.append(' ').append(subject);
    }
    if (fd != NO_FD) {
      line.append(" on fd ").append(fd);
    }
    if (object != null) {
      line.append(", ").append(object);
    }
    line.append(": ").append(errno.name());
    if (!hint.isEmpty()) {
      line.append(": ").append(hint);
    }
    return line.toString();
  }
}
