// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.faults;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.MemorySegment.Scope;

/**
 * Native memory that was there before: to give some out takes no call to the host, which could be
 * the one that meets an injected fault.
 */
final class SetAside implements Arena {

  private final MemorySegment all;
  private long given;

  /** So many bytes of another arena. */
  SetAside(Arena arena, long bytes) {
    all = arena.allocate(bytes, Long.BYTES);
  }

  @Override
  public MemorySegment allocate(long bytes, long alignment) {
    long start = (given + alignment - 1) & -alignment;
    given = start + bytes;
    return all.asSlice(start, bytes);
  }

  /** Takes everything back, and fills it with 0. */
  void reset() {
    all.fill((byte) 0);
    given = 0;
  }

  @Override
  public Scope scope() {
    return all.scope();
  }

  /** The memory is the other arena's. */
  @Override
  public void close() {}
}
