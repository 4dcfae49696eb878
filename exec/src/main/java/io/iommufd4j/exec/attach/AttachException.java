// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.attach;

/** A kernel cannot be offered, or be had, by a socket; the message says why. */
public final class AttachException extends Exception {

  private static final long serialVersionUID = 1L;

  AttachException(String message) {
    super(message);
  }
}
