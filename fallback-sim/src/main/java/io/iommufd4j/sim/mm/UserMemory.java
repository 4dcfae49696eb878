// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.mm;

import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;

/**
 * The memory of the process that calls, reached by address as a kernel reaches it. A bad address is
 * {@code EFAULT}, never a crash of the JVM. Addresses are those of native segments.
 */
public interface UserMemory {

  /** Bytes in a page. */
  int PAGE_SIZE = 4096;

  /** The answer of {@link #pins} where Linux counts the pins of many pages as one. */
  int UNCOUNTED = -1;

  /** The physical address that registers of bus address 0 would have: above all that memory has. */
  long REGISTERS = 1L << 48;

  /**
   * True if the process still exists ({@code mmget_not_zero}); after its end only pinned pages can
   * be reached.
   */
  default boolean alive() {
    return true;
  }

  /**
   * {@code copy_from_user}: reads {@code into.byteSize()} bytes at an address.
   *
   * @throws Refused EFAULT when not all of them can be read
   */
  void copyIn(long address, MemorySegment into);

  /**
   * {@code copy_to_user}: writes all of a segment to an address.
   *
   * @throws Refused EFAULT when not all of it can be written
   */
  void copyOut(long address, MemorySegment from);

  /**
   * As {@link #copyIn(long, MemorySegment)}, into a part of a segment.
   *
   * @param offset of the part in bytes
   */
  default void copyIn(long address, MemorySegment into, long offset, long bytes) {
    copyIn(address, into.asSlice(offset, bytes));
  }

  /**
   * As {@link #copyIn(long, MemorySegment)}, into the start of a segment, and where each copy is
   * {@link #costly} of what follows in the same page too: the head of a structure tells how long it
   * is, and the rest is mostly wanted next.
   *
   * @param bytes that are needed
   * @return bytes that were read, at least as many
   * @throws Refused EFAULT when those that are needed cannot be read
   */
  default long copyInAhead(long address, MemorySegment into, long bytes) {
    long read = costly(address) ? ahead(address, into.byteSize(), bytes) : bytes;
    copyIn(address, into, 0, read);
    return read;
  }

  /** True if a copy from an address costs a system call, however short it is. */
  default boolean costly(long address) {
    return false;
  }

  /**
   * The number of bytes that a costly copy reads: those that are needed, and on to the end of their
   * page where there is room.
   */
  static long ahead(long address, long room, long needed) {
    return Math.max(needed, toPageEnd(address, room));
  }

  /** The number of bytes to the end of the page that an address is in, at most a number. */
  static long toPageEnd(long address, long atMost) {
    return Math.min(atMost, PAGE_SIZE - (address & (PAGE_SIZE - 1)));
  }

  /**
   * As {@link #copyOut(long, MemorySegment)}, a part of a segment.
   *
   * @param offset of the part in bytes
   */
  default void copyOut(long address, MemorySegment from, long offset, long bytes) {
    copyOut(address, from.asSlice(offset, bytes));
  }

  /**
   * {@code pin_user_pages}: makes sure that a range of whole pages can be used for DMA. Pinned
   * pages are addressed afterwards by {@link #readPhysical} and {@link #writePhysical}.
   *
   * @param address start in bytes, a multiple of {@link #PAGE_SIZE}
   * @param pages how many
   * @param writable whether DMA may write
   * @return the physical address of the first page; the others follow it without a gap
   * @throws Refused EFAULT when a page is not there or not writable
   */
  long pin(long address, long pages, boolean writable);

  /**
   * {@code follow_fault_pfn}: what a range of whole pages shows of a device's registers.
   *
   * @return the physical address of the first; −1 where it is memory, or not all of it registers
   */
  default long registers(long address, long pages, boolean writable) {
    return -1;
  }

  /**
   * Undoes {@link #pin}, all of it or a part.
   *
   * @param physical address of the first page
   */
  void unpin(long physical, long pages);

  /**
   * True if the page at a user address is the very page that is pinned at a physical address.
   *
   * @throws Refused EFAULT when there is no page at the user address
   */
  boolean samePage(long address, long physical);

  /**
   * The pin count of the page at a user address.
   *
   * @return {@link #UNCOUNTED} for a page that is part of a larger one
   * @throws Refused EFAULT when there is no page
   */
  int pins(long address);

  /**
   * The machine address of a pinned byte. A page of a file is pinned at a physical address for each
   * mapping of it, but has one machine address; registers have the one that the firmware gave them.
   */
  long machineAddress(long physical);

  /**
   * A physical address at which the byte of a machine address is pinned or mapped at this moment.
   *
   * @return −1 when nothing is known to be there: a device that nothing translates for reaches that
   */
  long physicalAddress(long machine);

  /** A device reads memory: true when all bytes could be read. */
  boolean readPhysical(long physical, MemorySegment into);

  /** A device writes memory: true when all bytes could be written. */
  boolean writePhysical(long physical, MemorySegment from);

  /**
   * Puts a device's registers where other devices can reach them, by {@link #readPhysical} and
   * {@link #writePhysical}.
   *
   * @param physical the first address, above all that memory has
   */
  void placeRegisters(long physical, long bytes, Registers registers);
}
