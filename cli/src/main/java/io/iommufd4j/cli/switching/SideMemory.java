// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.switching;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.kernel.Kernel;
import java.lang.foreign.MemorySegment;

/**
 * The memory behind all areas of one side: one block as large as an area and aligned to its size,
 * mapped many times. Where the kernel has transparent huge pages, it takes one for a block of 2
 * MiB.
 */
final class SideMemory implements AutoCloseable {

  private final DmaBuffer buffer;
  private final MemorySegment block;

  private SideMemory(DmaBuffer buffer, MemorySegment block) {
    this.buffer = buffer;
    this.block = block;
  }

  static SideMemory allocate(Kernel kernel, long bytes) {
    long page = kernel.process().pageSize();
    DmaBuffer buffer = DmaBuffer.allocate(kernel, bytes == page ? bytes : 2 * bytes);
    long skipped = -buffer.segment().address() & (bytes - 1);
    MemorySegment block = buffer.segment().asSlice(bytes == page ? 0 : skipped, bytes);
    // Pages come when they are touched first.
    block.fill((byte) 0);
    return new SideMemory(buffer, block);
  }

  MemorySegment block() {
    return block;
  }

  long address() {
    return block.address();
  }

  @Override
  public void close() {
    buffer.close();
  }
}
