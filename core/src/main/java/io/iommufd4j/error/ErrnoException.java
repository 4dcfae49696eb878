// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.error;

import io.iommufd4j.kernel.ErrnoCode;

/**
 * A refusal of a kernel or a host, with the errno and a hint where more is known. The message has
 * all of it in one line.
 */
public abstract sealed class ErrnoException extends RuntimeException
    permits KernelException, HostException {

  private static final long serialVersionUID = 1L;

  /** See {@link #operation()}. */
  private final String operation;

  /** The number of {@link #errno()}. */
  private final int errno;

  /** See {@link #hint()}. */
  private final String hint;

  ErrnoException(String message, String operation, ErrnoCode errno, String hint) {
    super(message);
    this.operation = operation;
    this.errno = errno.number();
    this.hint = hint;
  }

  /**
   * {@return the errno} A {@link io.iommufd4j.kernel.Errno} wherever Linux has a name for the
   * number, so that it may be compared and switched on.
   */
  public final ErrnoCode errno() {
    return ErrnoCode.of(errno);
  }

  /**
   * {@return the operation that failed: the name of a request or system call, as {@code
   * IOMMU_IOAS_MAP} or {@code open}, or a sentence, as {@code write 0000:00:08.0 to /sys/…/bind}}
   */
  public final String operation() {
    return operation;
  }

  /** {@return the cause and what would help, in one line; empty when that is not known} */
  public final String hint() {
    return hint;
  }
}
