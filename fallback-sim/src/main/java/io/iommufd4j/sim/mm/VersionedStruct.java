// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.mm;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Structures that grow from release to release, so that the kernel's may be longer or shorter than
 * the user's; what one of them does not know is 0.
 */
public final class VersionedStruct {

  private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED;

  private VersionedStruct() {}

  /**
   * {@code copy_struct_from_user}.
   *
   * @param given bytes the user says it has
   * @param struct the kernel's, filled whole
   * @throws Refused E2BIG when the user's is longer and what follows is not 0, EFAULT
   */
  public static void copyIn(UserMemory memory, long address, long given, MemorySegment struct) {
    copyIn(memory, address, given, struct, struct.byteSize());
  }

  /**
   * As {@link #copyIn(UserMemory, long, long, MemorySegment)}, into the start of a larger block.
   *
   * @param size of the kernel's structure in bytes
   */
  public static void copyIn(
      UserMemory memory, long address, long given, MemorySegment block, long size) {
    fit(memory, address, given, block, size);
    memory.copyIn(address, block, 0, Math.min(given, size));
  }

  /**
   * {@link #copyIn(UserMemory, long, long, MemorySegment, long)} of a block whose bytes were read
   * already.
   */
  public static void fit(
      UserMemory memory, long address, long given, MemorySegment block, long size) {
    if (given < size) {
      block.asSlice(given, size - given).fill((byte) 0);
    } else {
      requireZeros(memory, address + size, given - size);
    }
  }

  /**
   * {@code copy_struct_to_user}.
   *
   * @param room bytes the user has
   * @throws Refused EFAULT
   */
  public static void copyOut(UserMemory memory, long address, long room, MemorySegment struct) {
    long size = struct.byteSize();
    if (room > size) {
      clear(memory, address + size, room - size);
    }
    memory.copyOut(address, struct, 0, Math.min(room, size));
  }

  /** {@code check_zeroed_user}, up to the page that holds the first byte that counts. */
  private static void requireZeros(UserMemory memory, long from, long count) {
    if (count == 0) {
      return;
    }
    MemorySegment page = MemorySegment.ofArray(new byte[UserMemory.PAGE_SIZE]);
    long next = from;
    long left = count;
    while (left > 0) {
      long bytes = UserMemory.toPageEnd(next, left);
      MemorySegment piece = page.asSlice(0, bytes);
      memory.copyIn(next, piece);
      requireZeros(piece);
      next += bytes;
      left -= bytes;
    }
  }

  private static void requireZeros(MemorySegment piece) {
    long at = 0;
    long bits = 0;
    for (; at + Long.BYTES <= piece.byteSize(); at += Long.BYTES) {
      bits |= piece.get(WORD, at);
    }
    for (; at < piece.byteSize(); at++) {
      bits |= piece.get(ValueLayout.JAVA_BYTE, at);
    }
    if (bits != 0) {
      throw Refused.with(Errno.E2BIG);
    }
  }

  /**
   * {@code clear_user}: page by page, so that what lies before a bad page is cleared.
   *
   * @throws Refused EFAULT
   */
  public static void clear(UserMemory memory, long from, long count) {
    if (count == 0) {
      return;
    }
    MemorySegment zeros =
        MemorySegment.ofArray(new byte[(int) Math.min(count, UserMemory.PAGE_SIZE)]);
    long next = from;
    long left = count;
    while (left > 0) {
      long bytes = UserMemory.toPageEnd(next, left);
      memory.copyOut(next, zeros.asSlice(0, bytes));
      next += bytes;
      left -= bytes;
    }
  }
}
