// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

import java.io.Serial;

/** A device did not finish within its time what it was asked to do. */
public final class DeviceStuckException extends RuntimeException {

  @Serial private static final long serialVersionUID = 1L;

  /**
   * Says which device and what it was asked to do.
   *
   * @param message one line
   */
  public DeviceStuckException(String message) {
    super(message);
  }
}
