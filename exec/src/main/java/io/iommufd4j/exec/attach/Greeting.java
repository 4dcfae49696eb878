// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.attach;

import org.jspecify.annotations.Nullable;

/**
 * The first words of the owner of a kernel.
 *
 * @param version of the words on the socket
 * @param first the number that descriptors of simulated files are given from on
 */
record Greeting(int version, int first) {

  static final int VERSION = 1;

  private static final String NAME = "iommufd4j-exec";

  /** {@return the line} */
  String line() {
    return NAME + " " + version + " " + first;
  }

  /** The greeting of a line; null when it is none. */
  static @Nullable Greeting of(@Nullable String line) {
    String[] words = line == null ? new String[0] : line.split(" ", -1);
    try {
      return words.length == 3 && words[0].equals(NAME)
          ? new Greeting(Integer.parseInt(words[1]), Integer.parseInt(words[2]))
          : null;
    } catch (NumberFormatException other) {
      return null;
    }
  }
}
