// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.file;

/** A machine file that says what no machine is; the message is one line. */
public final class BadFileException extends IllegalArgumentException {

  private static final long serialVersionUID = 1L;

  /**
   * A mistake in its place.
   *
   * @param line from 1
   * @param key the key that it is about, with those above it
   * @param wrong what is wrong, and what would be right
   */
  BadFileException(String file, int line, String key, String wrong) {
    super(file + ":" + line + ": " + oneLine(key) + ": " + oneLine(wrong));
  }

  private static String oneLine(String text) {
    return text.isBlank() ? "''" : text.strip().replaceAll("\\s*\\R\\s*", " ");
  }
}
