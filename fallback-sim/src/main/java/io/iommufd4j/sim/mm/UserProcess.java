// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.mm;

import org.jspecify.annotations.Nullable;

/**
 * A process as the kernel knows it ({@code struct mm_struct} and what of the task limits it).
 *
 * @param pid its number
 * @param memory its memory
 * @param accounting what it has pinned, and may pin
 */
public record UserProcess(long pid, UserMemory memory, Accounting accounting) {

  // Written out: what a record generates is linked anew in each JVM.
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof UserProcess process
        && pid == process.pid
        && memory.equals(process.memory)
        && accounting.equals(process.accounting);
  }

  @Override
  public int hashCode() {
    return Long.hashCode(pid);
  }
}
