// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.extension;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.conformance.Handle;
import io.iommufd4j.conformance.UserPages;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Holds this process to {@code RLIMIT_MEMLOCK} on the host's own kernel: the calling thread drops
 * {@code CAP_IPC_LOCK}, which would free root from the limit, and takes it again in the end.
 */
final class LimitedProcess implements Handle {

  private static final int RLIMIT_MEMLOCK = 8;
  private static final int CAP_IPC_LOCK = 14;
  private static final int CAPABILITY_VERSION_3 = 0x2008_0522;

  private static final MethodHandle CAPGET = handle("capget", ADDRESS, ADDRESS);
  private static final MethodHandle CAPSET = handle("capset", ADDRESS, ADDRESS);
  private static final MethodHandle GETRLIMIT = handle("getrlimit", JAVA_INT, ADDRESS);
  private static final MethodHandle SETRLIMIT = handle("setrlimit", JAVA_INT, ADDRESS);

  private final Arena arena = Arena.ofShared();
  private final MemorySegment header = arena.allocateFrom(JAVA_INT, CAPABILITY_VERSION_3, 0);

  /** Effective, permitted and inheritable of the lower capabilities, then of the higher ones. */
  private final MemorySegment capabilities = arena.allocate(JAVA_INT, 6);

  private final MemorySegment limits = arena.allocate(JAVA_LONG, 2);
  private final long softBefore;

  private LimitedProcess(long pages) {
    call(GETRLIMIT, RLIMIT_MEMLOCK, limits);
    softBefore = limits.getAtIndex(JAVA_LONG, 0);
    softLimit(pages * UserPages.PAGE);
    call(CAPGET, header, capabilities);
    effective(effective() & ~(1 << CAP_IPC_LOCK));
  }

  /** Limits what the calling thread pins from now on. */
  static LimitedProcess limit(long pages) {
    return new LimitedProcess(pages);
  }

  @Override
  public void close() {
    effective(effective() | 1 << CAP_IPC_LOCK);
    softLimit(softBefore);
    arena.close();
  }

  private void softLimit(long bytes) {
    limits.setAtIndex(JAVA_LONG, 0, bytes);
    call(SETRLIMIT, RLIMIT_MEMLOCK, limits);
  }

  private int effective() {
    return capabilities.get(JAVA_INT, 0);
  }

  private void effective(int lower) {
    capabilities.set(JAVA_INT, 0, lower);
    call(CAPSET, header, capabilities);
  }

  private static MethodHandle handle(String name, MemoryLayout first, MemoryLayout second) {
    var linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow(name), FunctionDescriptor.of(JAVA_INT, first, second));
  }

  private static void call(MethodHandle handle, Object first, Object second) {
    try {
      assertEquals(0, (int) handle.invoke(first, second));
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
