// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.error;

import io.iommufd4j.kernel.ErrnoCode;

/** The host refused what was asked of it, or does not show it. */
public final class HostException extends ErrnoException {

  private static final long serialVersionUID = 1L;

  /**
   * Says what was tried, how it failed, and what would help.
   *
   * @param operation what was tried, as {@code write 0000:00:08.0 to /sys/…/bind}
   * @param errno the errno
   * @param hint what would help, in one line; empty when that is not known
   */
  public HostException(String operation, ErrnoCode errno, String hint) {
    super(
        operation + ": " + errno.name() + (hint.isEmpty() ? "" : " (" + hint + ")"),
        operation,
        errno,
        hint);
  }
}
