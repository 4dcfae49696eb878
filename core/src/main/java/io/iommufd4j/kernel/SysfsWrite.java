// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.kernel;

import java.nio.file.Path;

/**
 * A text for an attribute of sysfs.
 *
 * @param file the attribute
 * @param text the text without its line end; empty clears an attribute
 */
public record SysfsWrite(Path file, String text) {

  /** {@return the line as it is written, with its end} */
  public String line() {
    return text + "\n";
  }

  /** The shell command that does the same by hand. */
  @Override
  public String toString() {
    return text.isEmpty() ? "echo > " + file : "echo " + text + " > " + file;
  }
}
