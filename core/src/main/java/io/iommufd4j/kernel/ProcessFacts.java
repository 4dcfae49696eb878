// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.kernel;

/**
 * The facts about the calling process that iommufd depends on.
 *
 * @param pageSize bytes in a page
 * @param memlockLimit soft {@code RLIMIT_MEMLOCK} in bytes; {@link #UNLIMITED} when there is none
 * @param pinnedBytes bytes pinned now ({@code VmPin} of {@code /proc/self/status}); −1 when it is
 *     unknown
 * @param userId effective user id
 */
public record ProcessFacts(long pageSize, long memlockLimit, long pinnedBytes, int userId) {

  /** The memlock limit of a process that has none. */
  public static final long UNLIMITED = Long.MAX_VALUE;

  /** {@return true if the process runs as root} */
  public boolean root() {
    return userId == 0;
  }
}
