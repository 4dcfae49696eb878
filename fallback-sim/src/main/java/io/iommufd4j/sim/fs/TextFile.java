// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import java.lang.foreign.MemorySegment;

/** An open file of text that the kernel makes up when it is read, as in {@code /proc} and sysfs. */
abstract class TextFile implements OpenFile {

  private long position;

  /**
   * The whole text.
   *
   * @param offset where the read begins in it, in bytes
   */
  abstract byte[] text(long offset);

  @Override
  public final synchronized long read(MemorySegment buffer) {
    long count = pread(buffer, position);
    position += count;
    return count;
  }

  @Override
  public final synchronized long pread(MemorySegment buffer, long offset) {
    byte[] text = text(offset);
    long count = Math.clamp(text.length - offset, 0, buffer.byteSize());
    if (count > 0) {
      MemorySegment.copy(MemorySegment.ofArray(text), offset, buffer, 0, count);
    }
    return count;
  }
}
