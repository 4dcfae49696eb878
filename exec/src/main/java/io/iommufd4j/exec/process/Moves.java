// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.process;

import java.lang.foreign.MemorySegment;

/** Bytes on their way to or from another process, by way of native memory where that is needed. */
final class Moves {

  private Moves() {}

  /** Moves one piece: bytes moved, or −errno. */
  @FunctionalInterface
  interface Move {
    /**
     * Moves.
     *
     * @param at bytes from the start of all
     * @param piece native memory
     */
    long move(long at, MemorySegment piece, long bytes);
  }

  /** True when all bytes were moved. */
  static boolean move(ThreadBuffers.Set own, MemorySegment segment, Move move, boolean out) {
    long size = segment.byteSize();
    if (segment.isNative()) {
      return size == 0 || move.move(0, segment, size) == size;
    }
    for (long at = 0; at < size; at += ThreadBuffers.BYTES) {
      long bytes = Math.min(ThreadBuffers.BYTES, size - at);
      if (out) {
        MemorySegment.copy(segment, at, own.bytes, 0, bytes);
      }
      if (move.move(at, own.bytes, bytes) != bytes) {
        return false;
      }
      if (!out) {
        MemorySegment.copy(own.bytes, 0, segment, at, bytes);
      }
    }
    return true;
  }
}
