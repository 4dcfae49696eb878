// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.file;

import io.iommufd4j.sim.fs.OpenFile;

/**
 * A simulated file that programs have open, by whatever descriptors.
 *
 * @param file the file
 * @param path the path it was opened by; empty when a request gave it
 * @param flags {@code O_*} of its open
 * @param standIn what stands in for it in the programs
 */
public record Opened(OpenFile file, String path, int flags, StandIn standIn) {

  private static final int O_ACCMODE = 3;
  private static final int O_RDONLY = 0;
  private static final int O_WRONLY = 1;

  /** {@return whether it may be read} */
  public boolean readable() {
    return (flags & O_ACCMODE) != O_WRONLY;
  }

  /** {@return whether it may be written} */
  public boolean writable() {
    return (flags & O_ACCMODE) != O_RDONLY;
  }
}
