// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.trace;

import io.iommufd4j.kernel.ForeignRequest;
import io.iommufd4j.linux.RemoteMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The memory that a thread sees, up to where nothing is mapped. */
record ThreadMemory(int thread) implements ForeignRequest.Memory {

  @Override
  public MemorySegment read(long address, long bytes) {
    MemorySegment block = Arena.ofAuto().allocate(bytes, Long.BYTES);
    // In pieces, of which the last may end where nothing is mapped.
    long read = RemoteMemory.read(RemoteMemory.vectors(), thread, address, block, bytes);
    return block.asSlice(0, Math.max(0, read));
  }
}
