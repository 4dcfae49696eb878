// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.wire.Mapping;
import java.lang.foreign.MemorySegment;

/**
 * Page-aligned, zeroed memory for devices to see ({@code mmap(2)} of anonymous memory). On a
 * simulated kernel this is memory that its devices can reach on every host.
 */
public final class DmaBuffer implements AutoCloseable {

  private static final int NO_FD = -1;

  private final Mapping mapping;

  private DmaBuffer(Mapping mapping) {
    this.mapping = mapping;
  }

  /**
   * Takes memory from the kernel.
   *
   * @param kernel whose devices are to reach it
   * @param bytes more than 0; rounded up to whole pages
   * @return whole pages, the caller's to close
   * @throws KernelException {@code ENOMEM}
   */
  public static DmaBuffer allocate(Kernel kernel, long bytes) {
    if (bytes <= 0) {
      throw new IllegalArgumentException("a buffer has at least one byte, unlike " + bytes);
    }
    long page = kernel.process().pageSize();
    long whole = Math.multiplyExact(Math.ceilDiv(bytes, page), page);
    int protection = libc_h.PROT_READ() | libc_h.PROT_WRITE();
    int flags = libc_h.MAP_PRIVATE() | libc_h.MAP_ANONYMOUS();
    return new DmaBuffer(Mapping.of(kernel, whole, protection, flags, NO_FD, 0));
  }

  /**
   * {@return the memory, whole pages} An access after {@link #close} throws {@link
   * IllegalStateException}.
   */
  public MemorySegment segment() {
    return mapping.segment();
  }

  /** {@return bytes in it: whole pages} */
  public long byteSize() {
    return mapping.segment().byteSize();
  }

  /**
   * Gives the memory back. What an IOAS maps of it stays pinned and visible to devices until it is
   * unmapped there. Closing twice is harmless.
   *
   * @throws IllegalStateException while a call uses the segment; it then stays allocated
   */
  @Override
  public void close() {
    mapping.close();
  }
}
