// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.attach;

import org.jspecify.annotations.Nullable;

/**
 * The request of a supervisor: that the programs behind its listener are answered.
 *
 * @param pid the supervisor's number
 * @param listener its descriptor there
 */
record Attachment(int pid, int listener) {

  /** The answer to one that is taken. */
  static final String TAKEN = "taken";

  /** Begins the answer to one that is not, and why. */
  static final String REFUSED = "refused ";

  private static final String NAME = "supervise";

  /** {@return the line} */
  String line() {
    return NAME + " " + pid + " " + listener;
  }

  /** The one of a line; null when it is none. */
  static @Nullable Attachment of(@Nullable String line) {
    String[] words = line == null ? new String[0] : line.split(" ", -1);
    try {
      return words.length == 3 && words[0].equals(NAME)
          ? new Attachment(Integer.parseInt(words[1]), Integer.parseInt(words[2]))
          : null;
    } catch (NumberFormatException other) {
      return null;
    }
  }
}
