// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
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

  private final FileSystem files;
  private final Map<String, DeviceNumber> nodes = new ConcurrentHashMap<>();
  private volatile Consumer<String> removed = path -> {};

  /** No nodes, in a file system where they will be. */
  public Devtmpfs(FileSystem files) {
    this.files = files;
  }

  /** {@code mknod(2)}: a node, which may be there already. */
  public void add(String path, DeviceNumber number) {
    nodes.put(path, number);
    create(path, number);
  }

  private void create(String path, DeviceNumber number) {
    Path node = files.getPath(path);
    try {
      Path folder = node.getParent();
      if (folder != null) {
        Files.createDirectories(folder);
      }
      if (Files.notExists(node)) {
        Files.createFile(node);
      }
      Files.setAttribute(node, DeviceNumberAttribute.NAME, number.encoded());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A node goes, though somebody may have it open. */
  public void remove(String path) {
    DeviceNumber number = nodes.remove(path);
    if (number != null) {
      create(path + DELETED, number);
      removed.accept(path);
      delete(path);
    }
  }

  /** Sets the listener for a node that is about to go. */
  public void onRemove(Consumer<String> listener) {
    removed = listener;
  }

  /** Nobody has a node open any more that is gone. */
  public void forget(String path) {
    delete(path + DELETED);
  }

  private void delete(String path) {
    try {
      Files.deleteIfExists(files.getPath(path));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The number of a node; empty where there is none. */
  public Optional<DeviceNumber> number(String path) {
    return Optional.ofNullable(nodes.get(path));
  }
}
