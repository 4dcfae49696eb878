// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.path;

import io.iommufd4j.sim.lib.Refused;

/** An open file with a position. */
public interface Positioned {

  /** {@code SEEK_CUR}. */
  int CURRENT = 1;

  /** {@code SEEK_END}. */
  int END = 2;

  /**
   * {@code lseek(2)}.
   *
   * @param whence {@code SEEK_*}
   * @return the new position
   * @throws Refused EINVAL for one before the beginning, or another kind of seek
   */
  long seek(long offset, int whence);
}
