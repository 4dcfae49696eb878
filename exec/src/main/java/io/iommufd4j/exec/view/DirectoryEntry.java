// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.view;

/**
 * A name in a directory.
 *
 * @param name without a slash
 * @param inode the number of what it names
 * @param type {@code DT_*}
 */
public record DirectoryEntry(String name, long inode, int type) {

  /** {@code DT_CHR}. */
  static final int CHARACTER = 2;

  /** {@code DT_DIR}. */
  static final int DIRECTORY = 4;

  /** {@code DT_REG}. */
  static final int REGULAR = 8;

  /** {@code DT_LNK}. */
  static final int LINK = 10;
}
