// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.kernfs;

import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A directory. What is in it may be made when somebody looks for the first time: of the functions
 * of a large machine, hardly any is looked at. Guarded by the tree.
 */
final class Directory extends Node {

  /** The root's {@link #inode}. */
  static final long ROOT = 1;

  private final Map<String, Node> children = new HashMap<>();
  private @Nullable Runnable content;

  Directory(long inode) {
    super(inode);
  }

  @Override
  Set<PosixFilePermission> permissions() {
    return PosixFilePermissions.fromString("rwxr-xr-x");
  }

  /** Sets what makes the rest of what is in it, when somebody looks. */
  void content(Runnable maker) {
    content = maker;
  }

  private void look() {
    Runnable maker = content;
    if (maker != null) {
      content = null;
      maker.run();
    }
  }

  /** Finds what is there under a name; null for nothing. */
  @Nullable Node find(String name) {
    Node found = children.get(name);
    if (found == null && content != null) {
      look();
      found = children.get(name);
    }
    return found;
  }

  /** Finds only what has been made by now. */
  @Nullable Node made(String name) {
    return children.get(name);
  }

  /** Puts something in, in place of what is there under that name. */
  void put(String name, Node node) {
    Node before = children.put(name, node);
    if (before != null) {
      before.place(null, name);
    }
    node.place(this, name);
  }

  /** Takes something out, with all that is in it. */
  void remove(String name) {
    look();
    Node gone = children.remove(name);
    if (gone != null) {
      gone.place(null, name);
    }
  }

  /** The names of all that is in it, in their order. */
  List<String> names() {
    look();
    return children.keySet().stream().sorted().toList();
  }
}
