// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.ioas;

import static io.iommufd4j.bindings.selftest.selftest_h.*;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.selftest.driver.TestMemory.PAGE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.conformance.selftest.driver.MockAccess;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/** Reads and writes through an access, and what then stands in the memory that is mapped. */
final class AccessCheck {

  private static final int LARGEST = 64;
  private static final int AROUND = 50;

  /** The seed: any will do. */
  private static final long SEED = 20_260_101;

  private final Random random = new Random(SEED);
  private final MockAccess access;
  private final MemorySegment memory;
  private final long iova;
  private final int flags;

  /**
   * A check.
   *
   * @param memory what is mapped
   * @param iova where
   * @param flags {@code MOCK_ACCESS_RW_*} of every transfer
   */
  AccessCheck(MockAccess access, MemorySegment memory, long iova, int flags) {
    this.access = access;
    this.memory = memory;
    this.iova = iova;
    this.flags = flags;
  }

  /** Every length below 64 bytes from every place around the first page's end; then everything. */
  void run() {
    scramble(memory);
    try (var arena = Arena.ofConfined()) {
      MemorySegment small = arena.allocate(LARGEST, Long.BYTES);
      for (long at = PAGE - AROUND; at < PAGE + AROUND; at++) {
        for (long length = 1; length < LARGEST; length++) {
          ok(access.transfer(iova + at, length, small.address(), flags));
          same(at, small, length);
          scramble(small);
          ok(access.transfer(iova + at, length, small.address(), flags | MOCK_ACCESS_RW_WRITE()));
          same(at, small, length);
        }
      }
      MemorySegment whole = arena.allocate(memory.byteSize(), Long.BYTES);
      ok(access.transfer(iova, memory.byteSize(), whole.address(), flags));
      same(0, whole, memory.byteSize());
    }
  }

  private void scramble(MemorySegment bytes) {
    for (long i = 0; i < bytes.byteSize(); i += Long.BYTES) {
      bytes.set(ValueLayout.JAVA_LONG, i, random.nextLong());
    }
  }

  private void same(long at, MemorySegment bytes, long length) {
    long difference = MemorySegment.mismatch(memory, at, at + length, bytes, 0, length);
    assertEquals(-1, difference, () -> length + " bytes at " + at);
  }
}
