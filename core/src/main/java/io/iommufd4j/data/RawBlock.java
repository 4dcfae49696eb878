// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.data;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/** A block whose format this version does not know. */
final class RawBlock {

  private RawBlock() {}

  /** A copy in native memory, aligned for any field. */
  static MemorySegment copy(MemorySegment block, SegmentAllocator allocator) {
    return allocator.allocate(block.byteSize(), Long.BYTES).copyFrom(block);
  }
}
