// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.examples.nvme;

import java.lang.foreign.MemorySegment;

/**
 * Memory that a device reaches.
 *
 * @param segment as this process sees it
 * @param iova of its first byte, as the device sees it
 */
record DmaMemory(MemorySegment segment, long iova) {

  static final int PAGE = 4096;

  /** A piece of it, in bytes. */
  DmaMemory slice(long offset, long bytes) {
    return new DmaMemory(segment.asSlice(offset, bytes), iova + offset);
  }

  DmaMemory page(long number) {
    return slice(number * PAGE, PAGE);
  }
}
