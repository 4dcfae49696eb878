// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.process;

import io.iommufd4j.linux.HostFile;
import io.iommufd4j.linux.RemoteMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Native memory that one thread makes its calls with. */
final class ThreadBuffers {

  /** The most bytes that are moved by one call. */
  static final int BYTES = 1 << 16;

  private static final int NAME_BYTES = 64;

  /** The bytes that are read ahead, as long as most requests. */
  static final int AHEAD = 128;

  private static final int PAGE = 4096;

  @SuppressWarnings("ThreadLocalUsage") // Of one supervisor's threads.
  private final ThreadLocal<ThreadBuffers.Set> of = ThreadLocal.withInitial(Set::new);

  /** Those of one thread. */
  static final class Set {
    final MemorySegment vectors = RemoteMemory.vectors();
    final MemorySegment statistics = HostFile.statistics();
    final MemorySegment bytes = Arena.ofAuto().allocate(BYTES, Long.BYTES);
    final MemorySegment name = Arena.ofAuto().allocate(NAME_BYTES, Long.BYTES);
    private final MemorySegment ahead = Arena.ofAuto().allocate(AHEAD, Long.BYTES);
    private int aheadOf;
    private long aheadFrom;
    private long aheadBytes;

    /**
     * Reads a small piece of a process' memory. What follows in its page is read at once: a
     * request's size is asked for first, and then the request.
     *
     * @return false when it is not small, or cannot be read
     */
    boolean readAhead(int pid, long address, MemorySegment into) {
      long size = into.byteSize();
      if (size > AHEAD) {
        return false;
      }
      if (aheadOf != pid || address < aheadFrom || address + size > aheadFrom + aheadBytes) {
        long most = Math.max(size, Math.min(AHEAD, PAGE - (address & (PAGE - 1))));
        aheadBytes = RemoteMemory.read(vectors, pid, address, ahead, most);
        aheadFrom = address;
        aheadOf = pid;
        if (aheadBytes < size) {
          forgetAhead();
          return false;
        }
      }
      MemorySegment.copy(ahead, address - aheadFrom, into, 0, size);
      return true;
    }

    /** The memory may be another by now, or the call is over. */
    void forgetAhead() {
      aheadBytes = 0;
      aheadOf = 0;
    }
  }

  Set get() {
    return of.get();
  }
}
