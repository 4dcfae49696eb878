package io.iommufd4j;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The kernel refused. Carries what it said as fields, and a hint where the cause is known; the
 * message has all of it in one line.
 */
public final class KernelException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private static final int NO_FD = -1;

  private final String command;
  private final int errno;
  private final int fd;
  private final transient @Nullable ObjectId object;
  private final String hint;

  private KernelException(
      String command, String subject, int errno, int fd, @Nullable ObjectId object, String hint) {
    super(message(command, subject, errno, fd, object, hint));
    this.command = command;
    this.errno = Math.abs(errno);
    this.fd = fd;
    this.object = object;
    this.hint = hint;
  }

  /**
   * A call on a descriptor that the kernel refused.
   *
   * @param kernel which kernel; the hint draws on what it shows of the process and the host
   * @param command the request's or the system call's name, as {@code IOMMU_IOAS_MAP}
   * @param errno the errno, positive or negated
   * @param object the object that the call was about
   */
  public static KernelException onFd(
      Kernel kernel, String command, int errno, int fd, @Nullable ObjectId object) {
    String hint = Hints.of(command, errno, kernel);
    return new KernelException(command, "", errno, fd, object, hint);
  }

  /** A refused call on a descriptor, with a hint that asks the kernel and sysfs for the cause. */
  static KernelException hinted(
      Kernel kernel, String command, int errno, int fd, @Nullable ObjectId object, Hint asked) {
    String hint = Hints.of(command, errno, kernel, asked);
    return new KernelException(command, "", errno, fd, object, hint);
  }

  /**
   * A call on a path that the kernel refused.
   *
   * @param kernel which kernel; the hint draws on what it shows of the process and the host
   * @param command the system call's name, as {@code open}
   * @param path the file
   * @param errno the errno, positive or negated
   */
  public static KernelException onPath(Kernel kernel, String command, String path, int errno) {
    String hint = Hints.ofPath(command, path, errno, kernel);
    return new KernelException(command, path, errno, NO_FD, null, hint);
  }

  /** The errno, positive. See {@link Errno}. */
  public int errno() {
    return errno;
  }

  /** The errno by name, as {@code EINVAL}. */
  public String errnoName() {
    return Errno.name(errno);
  }

  /** The request or system call, as {@code IOMMU_IOAS_MAP} or {@code open}. */
  public String command() {
    return command;
  }

  /** The descriptor it was made on; −1 for a call on a path or on memory. */
  public int fd() {
    return fd;
  }

  /** The object it was about. */
  public Optional<ObjectId> object() {
    return Optional.ofNullable(object);
  }

  /** Why, and what would help, where that is known; otherwise empty. */
  public String hint() {
    return hint;
  }

  private static String message(
      String command, String subject, int errno, int fd, @Nullable ObjectId object, String hint) {
    var line = new StringBuilder(command);
    if (!subject.isEmpty()) {
      line.append(' ').append(subject);
    }
    if (fd != NO_FD) {
      line.append(" on fd ").append(fd);
    }
    if (object != null) {
      line.append(", ").append(object);
    }
    line.append(": ").append(Errno.name(errno));
    if (!hint.isEmpty()) {
      line.append(": ").append(hint);
    }
    return line.toString();
  }
}
