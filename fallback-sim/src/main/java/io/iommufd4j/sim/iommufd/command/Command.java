// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.command;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommufd.IommufdContext;
import io.iommufd4j.sim.iommufd.ObjectTable;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.VersionedStruct;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One request on its way through ({@code struct iommufd_ucmd}): the kernel's copy of the structure,
 * and where user space keeps its own. Used again for the next request.
 */
public final class Command {

  /** Null while it is idle. */
  private @Nullable IommufdContext context;

  private final MemorySegment block;
  private long address;

  /** Bytes of the structure that came with its size. */
  private long ahead;

  private int userSize;

  /**
   * An idle one.
   *
   * @param largest bytes in the largest structure of all commands
   */
  Command(long largest) {
    this.block = MemorySegment.ofArray(new long[(int) ((largest + 7) / 8)]);
  }

  /** The context it was sent to. */
  public IommufdContext context() {
    return Objects.requireNonNull(context);
  }

  /** True if it is at work on no request. */
  boolean idle() {
    return context == null;
  }

  /** That context's objects. */
  public ObjectTable objects() {
    return context().objects();
  }

  /** The kernel's copy of the structure. */
  public MemorySegment block() {
    return block;
  }

  /**
   * Takes up a request, and reads the size that every structure starts with.
   *
   * @throws Refused EFAULT for a bad address
   */
  void begin(IommufdContext sentTo, long userAddress) {
    context = sentTo;
    address = userAddress;
    ahead = context().memory().copyInAhead(userAddress, block, Integer.BYTES);
    userSize = block.get(ValueLayout.JAVA_INT, 0);
  }

  /** The request is done with. */
  void end() {
    context = null;
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
    if (Math.min(given, size) <= ahead) {
      context().faults().copy();
      VersionedStruct.fit(context().memory(), address, given, block, size);
    } else {
      VersionedStruct.copyIn(context().memory(), address, given, block, size);
    }
  }

  /**
   * {@code iommufd_ucmd_respond}: writes the structure back, as much of it as the user has.
   *
   * @param size of the whole structure in bytes
   * @throws Refused EFAULT
   */
  public void respond(long size) {
    long bytes = Math.min(Integer.toUnsignedLong(userSize), size);
    context().memory().copyOut(address, block, 0, bytes);
  }

  /**
   * Writes one field back.
   *
   * @throws Refused EFAULT
   */
  void respondField(long offset, long bytes) {
    context().memory().copyOut(address + offset, block, offset, bytes);
  }
}
