// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import io.iommufd4j.sim.kernfs.Kernfs;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * The nodes under {@code /dev}, each a file with a device number ({@code unix:rdev}). A node that
 * is gone while a process has it open still shows in that process' descriptors, under the name that
 * Linux gives it: {@code NAME (deleted)}.
 */
public final class Devtmpfs {

  /** The end of the name of a node that is gone. */
  static final String DELETED = " (deleted)";

  private final Kernfs tree;
  private final Map<String, DeviceNumber> nodes = new ConcurrentHashMap<>();
  private volatile Consumer<String> removed = path -> {};

  /** No nodes, in the tree where they will be. */
  public Devtmpfs(Kernfs tree) {
    this.tree = tree;
  }

  /** {@code mknod(2)}: a node, which may be there already. */
  public void add(String path, DeviceNumber number) {
    nodes.put(path, number);
    tree.node(path, number.encoded());
  }

  /** A node goes, though somebody may have it open. */
  public void remove(String path) {
    DeviceNumber number = nodes.remove(path);
    if (number != null) {
      tree.node(path + DELETED, number.encoded());
      removed.accept(path);
      tree.remove(path);
    }
  }

  /** Sets the listener for a node that is about to go. */
  public void onRemove(Consumer<String> listener) {
    removed = listener;
  }

  /** Nobody has a node open any more that is gone. */
  public void forget(String path) {
    tree.remove(path + DELETED);
  }

  /** The number of a node; empty where there is none. */
  public Optional<DeviceNumber> number(String path) {
    return Optional.ofNullable(nodes.get(path));
  }
}
