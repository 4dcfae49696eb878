// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.kernfs;

import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;

/** The facts of a file, as {@code stat(2)} has them. All belong to root. */
final class NodeAttributes implements PosixFileAttributes {

  private static final GroupPrincipal ROOT =
      new GroupPrincipal() {
        @Override
        public String getName() {
          return "root";
        }

        @Override
        public String toString() {
          return getName();
        }
      };

  private final Node node;
  private final FileTime time;

  NodeAttributes(Node node, FileTime time) {
    this.node = node;
    this.time = time;
  }

  @Override
  public GroupPrincipal owner() {
    return ROOT;
  }

  @Override
  public GroupPrincipal group() {
    return ROOT;
  }

  @Override
  public Set<PosixFilePermission> permissions() {
    return node.permissions();
  }

  @Override
  public FileTime lastModifiedTime() {
    return time;
  }

  @Override
  public FileTime lastAccessTime() {
    return time;
  }

  @Override
  public FileTime creationTime() {
    return time;
  }

  @Override
  public boolean isRegularFile() {
    return node instanceof KernfsFile;
  }

  @Override
  public boolean isDirectory() {
    return node instanceof Directory;
  }

  @Override
  public boolean isSymbolicLink() {
    return node instanceof Link;
  }

  @Override
  public boolean isOther() {
    return false;
  }

  /** As long as its content is now. */
  @Override
  public long size() {
    byte[] bytes = node instanceof KernfsFile file ? file.bytes() : null;
    return bytes == null ? 0 : bytes.length;
  }

  @Override
  public Object fileKey() {
    return node.inode();
  }
}
