// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.kernfs;

import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A directory, file or link of the tree ({@code struct kernfs_node}). Its place is guarded by the
 * tree.
 */
public abstract sealed class Node permits Directory, KernfsFile, Link {

  private final long inode;
  private @Nullable Directory parent;
  private String name = "";

  Node(long inode) {
    this.inode = inode;
  }

  /** {@code st_ino}: another one for each that was ever there. */
  final long inode() {
    return inode;
  }

  /** {@code st_mode}, as far as it says who may do what. */
  abstract Set<PosixFilePermission> permissions();

  /** Puts it into a directory; null takes it out. */
  final void place(@Nullable Directory directory, String under) {
    parent = directory;
    name = under;
  }

  /** The directory that it is in; null for the root and for what was taken away. */
  final @Nullable Directory parent() {
    return parent;
  }

  /** True as long as the tree has it: neither it nor a directory above was taken away. */
  final boolean attached() {
    Node at = this;
    while (at.parent != null) {
      at = at.parent;
    }
    return at.inode == Directory.ROOT;
  }

  /** The path from the root, absolute; {@code /} for the root. */
  final String path() {
    var path = new StringBuilder();
    for (Node at = this; at.parent != null; at = at.parent) {
      path.insert(0, at.name).insert(0, '/');
    }
    return path.isEmpty() ? "/" : path.toString();
  }
}
