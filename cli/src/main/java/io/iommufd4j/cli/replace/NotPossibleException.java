// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

/** A replace cannot be done on this device or host; the message says why, in one line. */
public final class NotPossibleException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /**
   * Says why not.
   *
   * @param message one line, with what would help where that is known
   */
  public NotPossibleException(String message) {
    super(message);
  }
}
