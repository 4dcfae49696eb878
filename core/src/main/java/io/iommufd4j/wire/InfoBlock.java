// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.wire;

import io.iommufd4j.kernel.Request;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Consumer;

/**
 * A VFIO info struct with its capability chain: the kernel is asked with the struct alone, says how
 * many bytes it has to tell, and is asked again with as many.
 */
public final class InfoBlock {

  /** {@code argsz} is the first field of every VFIO struct. */
  private static final long ARGSZ = 0;

  private InfoBlock() {}

  /**
   * Reads the struct and whatever follows it.
   *
   * @param file answers the request
   * @param request one whose struct begins with {@code argsz}
   * @param structBytes size of the struct alone
   * @param fill sets what the request takes beside {@code argsz}
   * @param arena owns the block
   * @return the struct and all that the kernel wrote behind it
   * @throws io.iommufd4j.error.KernelException what the kernel refuses
   */
  public static MemorySegment read(
      KernelFile file,
      Request request,
      long structBytes,
      Consumer<MemorySegment> fill,
      Arena arena) {
    long bytes = structBytes;
    while (true) {
      MemorySegment block = arena.allocate(bytes, Long.BYTES);
      block.set(ValueLayout.JAVA_INT, ARGSZ, (int) bytes);
      fill.accept(block);
      file.ioctl(request, block, null);
      long needed = Integer.toUnsignedLong(block.get(ValueLayout.JAVA_INT, ARGSZ));
      if (needed <= bytes) {
        return block;
      }
      bytes = needed;
    }
  }
}
