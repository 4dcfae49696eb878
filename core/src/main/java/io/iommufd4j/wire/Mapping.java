// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.wire;

import io.iommufd4j.kernel.Kernel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Memory that {@code mmap(2)} gave, as a segment that ends before the memory does. */
public final class Mapping {

  private final Kernel kernel;
  private final long address;
  private final long bytes;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment segment;
  private boolean open = true;

  private Mapping(Kernel kernel, long address, long bytes) {
    this.kernel = kernel;
    this.address = address;
    this.bytes = bytes;
    this.segment = MemorySegment.ofAddress(address).reinterpret(bytes, arena, null);
  }

  /**
   * Maps memory with {@code mmap(2)} at an address of the kernel's choice.
   *
   * @param kernel the kernel to ask
   * @param bytes more than 0
   * @param protection {@code PROT_*}
   * @param flags {@code MAP_*}
   * @param fd the file to map; −1 for anonymous memory
   * @param offset bytes from the start of the file, a multiple of the page size
   * @return the mapping, which {@link #close} takes down
   * @throws io.iommufd4j.error.KernelException with the errno of {@code mmap(2)}
   */
  public static Mapping of(
      Kernel kernel, long bytes, int protection, int flags, int fd, long offset) {
    long address = kernel.mmap(bytes, protection, flags, fd, offset);
    if (failed(address)) {
      throw Refusals.call("mmap", address, fd);
    }
    return new Mapping(kernel, address, bytes);
  }

  /** As Linux tells an address from an errno: the last page of the address space is neither. */
  private static boolean failed(long address) {
    return address < 0 && address >= -4095;
  }

  /** {@return the memory} An access after {@link #close} throws {@link IllegalStateException}. */
  public MemorySegment segment() {
    return segment;
  }

  /**
   * Takes the mapping down. Closing twice is harmless.
   *
   * @throws IllegalStateException while a call uses the segment; it then stays mapped
   * @throws io.iommufd4j.error.KernelException with the errno of {@code munmap(2)}
   */
  public synchronized void close() {
    if (!open) {
      return;
    }
    // First no access, then no memory: the other way round an access would end the process.
    arena.close();
    open = false;
    int result = kernel.munmap(address, bytes);
    if (result < 0) {
      throw Refusals.call("munmap", result, -1);
    }
  }
}
