// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.kernfs;

import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** The modes that files have here; all belong to root. */
public enum Access {
  /** Everybody may read: 0444. */
  READ("r--r--r--"),
  /** Everybody may read, root may write: 0644. */
  WRITE("rw-r--r--"),
  /** Root may write: 0200. */
  COMMAND("-w-------"),
  /** Root may map it, nobody may read or write it: 0600. */
  MAP("rw-------");

  private final String permissions;

  Access(String permissions) {
    this.permissions = permissions;
  }

  Set<PosixFilePermission> permissions() {
    return PosixFilePermissions.fromString(permissions);
  }
}
