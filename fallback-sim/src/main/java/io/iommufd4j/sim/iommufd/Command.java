package io.iommufd4j.sim.iommufd;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * One request on its way through ({@code struct iommufd_ucmd}): the kernel's copy of the structure,
 * and where user space keeps its own. Used again for the next request.
 */
final class Command {

  private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED;

  private final IommufdContext context;
  private final MemorySegment block;
  private final MemorySegment sizeField;
  private long address;
  private int userSize;

  /**
   * An idle one.
   *
   * @param largest bytes in the largest structure of all commands
   */
  Command(IommufdContext context, long largest) {
    this.context = context;
    this.block = MemorySegment.ofArray(new long[(int) ((largest + 7) / 8)]);
    this.sizeField = block.asSlice(0, Integer.BYTES);
  }

  IommufdContext context() {
    return context;
  }

  ObjectTable objects() {
    return context.objects();
  }

  /** The kernel's copy of the structure. */
  MemorySegment block() {
    return block;
  }

  /**
   * Reads the size that every structure starts with.
   *
   * @throws Refused EFAULT for a bad address
   */
  void begin(long userAddress) {
    address = userAddress;
    context.memory().copyIn(userAddress, sizeField);
    userSize = block.get(ValueLayout.JAVA_INT, 0);
  }

  /**
   * {@code copy_struct_from_user}: a user's structure may be shorter than the kernel's, and longer
   * when what the kernel does not know is 0.
   *
   * @throws Refused EINVAL below the minimum, E2BIG for an unknown tail, EFAULT
   */
  void read(long size, long minimum) {
    long given = Integer.toUnsignedLong(userSize);
    if (given < minimum) {
      throw Refused.with(Errno.EINVAL);
    }
    if (given < size) {
      block.asSlice(given, size - given).fill((byte) 0);
    } else {
      requireZeros(address + size, given - size);
    }
    context.memory().copyIn(address, block.asSlice(0, Math.min(given, size)));
  }

  /** {@code check_zeroed_user}, up to the page that holds the first byte that counts. */
  private void requireZeros(long from, long count) {
    if (count == 0) {
      return;
    }
    MemorySegment page = MemorySegment.ofArray(new byte[UserMemory.PAGE_SIZE]);
    long next = from;
    long left = count;
    while (left > 0) {
      long bytes = Math.min(left, UserMemory.PAGE_SIZE - (next & (UserMemory.PAGE_SIZE - 1)));
      MemorySegment piece = page.asSlice(0, bytes);
      context.memory().copyIn(next, piece);
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
   * {@code iommufd_ucmd_respond}: writes the structure back, as much of it as the user has.
   *
   * @param size of the whole structure in bytes
   * @throws Refused EFAULT
   */
  void respond(long size) {
    long bytes = Math.min(Integer.toUnsignedLong(userSize), size);
    context.memory().copyOut(address, block.asSlice(0, bytes));
  }

  /**
   * Writes one field back.
   *
   * @throws Refused EFAULT
   */
  void respondField(long offset, long bytes) {
    context.memory().copyOut(address + offset, block.asSlice(offset, bytes));
  }
}
