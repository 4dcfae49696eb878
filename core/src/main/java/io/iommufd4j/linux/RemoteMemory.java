// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;

/**
 * The memory of another process by address ({@code process_vm_readv(2)} and {@code
 * process_vm_writev(2)}), with that process' own page protection. It takes the right to trace the
 * process.
 */
public final class RemoteMemory {

  /** {@code struct iovec} of here and of there, of each thread. */
  private static final int VECTORS = 32;

  private static final int THERE = 16;

  private RemoteMemory() {}

  /**
   * Room for the vectors of one thread.
   *
   * @return as {@link #read} and {@link #write} take it
   */
  public static MemorySegment vectors() {
    return Arena.ofAuto().allocate(VECTORS, Long.BYTES);
  }

  /**
   * Reads.
   *
   * @param vectors of the calling thread
   * @param thread a thread of the process
   * @param address in the process
   * @param into a native segment to fill
   * @param bytes how many
   * @return bytes read, fewer when what follows cannot be read; or −errno: {@code EFAULT}, {@code
   *     ESRCH}, {@code EPERM}
   */
  public static long read(
      MemorySegment vectors, int thread, long address, MemorySegment into, long bytes) {
    return move(SystemCall.PROCESS_VM_READV, vectors, thread, address, into, bytes);
  }

  /**
   * Writes.
   *
   * @param vectors of the calling thread
   * @param thread a thread of the process
   * @param address in the process
   * @param from a native segment
   * @param bytes how many of it
   * @return as {@link #read}
   */
  public static long write(
      MemorySegment vectors, int thread, long address, MemorySegment from, long bytes) {
    return move(SystemCall.PROCESS_VM_WRITEV, vectors, thread, address, from, bytes);
  }

  private static long move(
      SystemCall call,
      MemorySegment vectors,
      int thread,
      long address,
      MemorySegment here,
      long bytes) {
    vectors.set(ValueLayout.JAVA_LONG, 0, here.address());
    vectors.set(ValueLayout.JAVA_LONG, Long.BYTES, bytes);
    vectors.set(ValueLayout.JAVA_LONG, THERE, address);
    vectors.set(ValueLayout.JAVA_LONG, THERE + Long.BYTES, bytes);
    long at = vectors.address();
    try {
      return LibC.syscall(call.number(), thread, at, 1, at + THERE, 1, 0);
    } finally {
      Reference.reachabilityFence(vectors);
      Reference.reachabilityFence(here);
    }
  }
}
