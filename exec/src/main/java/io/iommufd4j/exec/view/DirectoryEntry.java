// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.view;

/**
 * A name in a directory.
 *
 * @param name without a slash
 * @param inode the number of what it names
 * @param type {@code DT_*}
 */
public record DirectoryEntry(String name, long inode, int type) {}
