// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.kernfs;

import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** A link: the text of its target, absolute or relative to the directory that it is in. */
final class Link extends Node {

  private final String target;

  Link(long inode, String target) {
    super(inode);
    this.target = target;
  }

  @Override
  Set<PosixFilePermission> permissions() {
    return PosixFilePermissions.fromString("rwxrwxrwx");
  }

  String target() {
    return target;
  }
}
