// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.view;

import org.jspecify.annotations.Nullable;

/** One process on a machine, with 3 pages pinned and 1 locked, and iommufd open as 7. */
record OneProgram(int number) implements Programs {

  @Override
  public boolean has(int pid) {
    return pid == number;
  }

  @Override
  public long lockedBytes(int pid) {
    return 4096;
  }

  @Override
  public long pinnedBytes(int pid) {
    return 3 * 4096;
  }

  @Override
  public @Nullable String openFile(int pid, int fd) {
    return fd == 7 ? "/dev/iommu" : null;
  }
}
