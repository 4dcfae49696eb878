package io.iommufd4j.error;

import io.iommufd4j.kernel.Errno;

/** The host refused what was asked of it, or does not show it. */
public final class HostException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final String operation;
  private final int errno;
  private final String hint;

  /**
   * Says what was tried, what came of it, and what would help.
   *
   * @param operation what was tried, as {@code write 0000:00:08.0 to /sys/…/bind}
   * @param errno the positive errno
   * @param hint what would help, in one line; empty when that is not known
   */
  public HostException(String operation, int errno, String hint) {
    super(operation + ": " + Errno.name(errno) + (hint.isEmpty() ? "" : " (" + hint + ")"));
    this.operation = operation;
    this.errno = errno;
    this.hint = hint;
  }

  /** What was tried. */
  public String operation() {
    return operation;
  }

  /** The positive errno. */
  public int errno() {
    return errno;
  }

  /** What would help; empty when that is not known. */
  public String hint() {
    return hint;
  }
}
