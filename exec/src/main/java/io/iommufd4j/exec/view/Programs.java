// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.view;

import org.jspecify.annotations.Nullable;

/** The processes that run on the simulated machine, as {@code /proc} shows them. */
public interface Programs {

  /** {@return true for a process that runs on the machine} */
  boolean has(int pid);

  /** {@return bytes that a process of the machine has locked ({@code VmLck})} */
  long lockedBytes(int pid);

  /** {@return bytes that the kernel has pinned for it ({@code VmPin})} */
  long pinnedBytes(int pid);

  /**
   * {@return the name of a simulated file that a process has open, as {@code /proc/PID/fd} shows
   * it; null for a file of the host, or none}
   */
  @Nullable String openFile(int pid, int fd);
}
