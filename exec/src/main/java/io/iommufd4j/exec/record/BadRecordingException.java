// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.record;

/** A recording that cannot be read. The message names the line, and is one line itself. */
public final class BadRecordingException extends RuntimeException {

  private static final long serialVersionUID = 1;

  /** The line, from 1. */
  private final int line;

  BadRecordingException(int line, String message) {
    super("line " + line + ": " + message.replaceAll("\\s*\\R\\s*", " "));
    this.line = line;
  }

  /** {@return the line, from 1} */
  public int line() {
    return line;
  }
}
