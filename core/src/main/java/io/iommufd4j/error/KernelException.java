package io.iommufd4j.error;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.uapi.ObjectId;
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

  /**
   * Says what was asked and what came of it.
   *
   * @param command the request's or the system call's name, as {@code IOMMU_IOAS_MAP}
   * @param subject the file, for a call on a path; else empty
   * @param errno the errno, positive or negated
   * @param fd the descriptor; −1 for a call on a path or on memory
   * @param object the object that the call was about
   * @param hint the cause and what would help; empty when that is not known
   */
  public KernelException(
      String command, String subject, int errno, int fd, @Nullable ObjectId object, String hint) {
    super(message(command, subject, errno, fd, object, hint));
    this.command = command;
    this.errno = Math.abs(errno);
    this.fd = fd;
    this.object = object;
    this.hint = hint;
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
