package io.iommufd4j.kernel;

/**
 * What the calling process may do, as far as iommufd asks.
 *
 * @param pageSize bytes in a page
 * @param memlockLimit soft {@code RLIMIT_MEMLOCK} in bytes; {@link #UNLIMITED} when there is none
 * @param pinnedBytes bytes pinned now ({@code VmPin} of {@code /proc/self/status}); −1 when it
 *     cannot be told
 * @param userId effective user id
 */
public record ProcessFacts(long pageSize, long memlockLimit, long pinnedBytes, int userId) {

  /** The memlock limit of a process that has none. */
  public static final long UNLIMITED = Long.MAX_VALUE;

  /** Whether the process runs as root. */
  public boolean root() {
    return userId == 0;
  }
}
