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

  @SuppressWarnings("ThreadLocalUsage") // Of one supervisor's threads.
  private final ThreadLocal<ThreadBuffers.Set> of = ThreadLocal.withInitial(Set::new);

  /** Those of one thread. */
  static final class Set {
    final MemorySegment vectors = RemoteMemory.vectors();
    final MemorySegment statistics = HostFile.statistics();
    final MemorySegment bytes = Arena.ofAuto().allocate(BYTES, Long.BYTES);
    final MemorySegment name = Arena.ofAuto().allocate(NAME_BYTES, Long.BYTES);
  }

  Set get() {
    return of.get();
  }
}
