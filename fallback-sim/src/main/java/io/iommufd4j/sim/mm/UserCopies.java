// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.mm;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.wire.PerThread;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Bytes on their way between the kernel and its user ({@code linux/uaccess.h}), or a device and
 * memory: through what the calling thread lends, what was handed out, or the host.
 */
final class UserCopies {

  /** The segment that a thread has lent. */
  private static final class Lent {
    MemorySegment segment = MemorySegment.NULL;
  }

  private final FaultPlan faults;
  private final AddressSpace space;
  private final @Nullable HostMemory host;

  private final PerThread<Lent> lent = new PerThread<>(Lent::new);

  UserCopies(FaultPlan faults, AddressSpace space, @Nullable HostMemory host) {
    this.faults = faults;
    this.space = space;
    this.host = host;
  }

  /** Lends a segment, and answers what was lent before. */
  MemorySegment lend(MemorySegment segment) {
    Lent now = lent.get();
    MemorySegment before = now.segment;
    now.segment = segment;
    return before;
  }

  /** {@code copy_from_user}. */
  void copyIn(long address, MemorySegment into, long offset, long bytes) {
    faults.copy();
    MemorySegment block = lent(address, bytes, false);
    if (block != null) {
      MemorySegment.copy(block, address - block.address(), into, offset, bytes);
    } else if (!transfer(address, into.asSlice(offset, bytes), false, false)) {
      throw Refused.with(Errno.EFAULT);
    }
  }

  /** {@code copy_to_user}. */
  void copyOut(long address, MemorySegment from, long offset, long bytes) {
    faults.copy();
    MemorySegment block = lent(address, bytes, true);
    if (block != null) {
      MemorySegment.copy(from, offset, block, address - block.address(), bytes);
    } else if (!transfer(address, from.asSlice(offset, bytes), true, false)) {
      throw Refused.with(Errno.EFAULT);
    }
  }

  /** {@link UserMemory#copyInAhead}; also of what is lent, which is found once then. */
  long copyInAhead(long address, MemorySegment into, long bytes) {
    MemorySegment block = lent(address, bytes, false);
    if (block == null) {
      boolean costly = space.covering(address) == null;
      long read = costly ? UserMemory.ahead(address, into.byteSize(), bytes) : bytes;
      copyIn(address, into, 0, read);
      return read;
    }
    faults.copy();
    long offset = address - block.address();
    long read = Math.min(into.byteSize(), block.byteSize() - offset);
    MemorySegment.copy(block, offset, into, 0, read);
    return read;
  }

  /** The segment that the calling thread has lent, if a range lies in it; otherwise null. */
  private @Nullable MemorySegment lent(long address, long bytes, boolean write) {
    MemorySegment block = lent.get().segment;
    long offset = address - block.address();
    boolean within = offset >= 0 && bytes <= block.byteSize() - offset;
    return within && !(write && block.isReadOnly()) ? block : null;
  }

  /**
   * A device's copy: it reaches pinned pages that are no longer mapped, and the IOMMU has checked
   * what it may do.
   *
   * @param write into memory, or out of it
   * @return whether all bytes were moved
   */
  boolean transferPhysical(long physical, MemorySegment segment, boolean write) {
    return transfer(physical, segment, write, true);
  }

  private boolean transfer(long address, MemorySegment segment, boolean write, boolean physical) {
    long end = address + segment.byteSize();
    if (address < 0 || end < address) {
      return false;
    }
    for (long at = address; at < end; ) {
      Mapping mapping = space.covering(at);
      long stop = space.reach(mapping, at, end);
      MemorySegment piece = segment.asSlice(at - address, stop - at);
      boolean moved =
          mapping != null
              ? throughMapping(mapping, at, piece, write, physical)
              : throughHost(at, piece, write);
      if (!moved) {
        return false;
      }
      at = stop;
    }
    return true;
  }

  private static boolean throughMapping(
      Mapping mapping, long address, MemorySegment piece, boolean write, boolean physical) {
    if (!mapping.hold()) {
      return false;
    }
    try {
      boolean allowed = write ? mapping.protection().writable() : mapping.protection().readable();
      boolean there = mapping.mapped(address, piece.byteSize());
      boolean refused = !physical && (!there || !allowed);
      if (refused || (write && mapping.memory().isReadOnly())) {
        return false;
      }
      long offset = address - mapping.start();
      if (write) {
        MemorySegment.copy(piece, 0, mapping.memory(), offset, piece.byteSize());
      } else {
        MemorySegment.copy(mapping.memory(), offset, piece, 0, piece.byteSize());
      }
      return true;
    } finally {
      mapping.drop();
    }
  }

  private boolean throughHost(long address, MemorySegment piece, boolean write) {
    if (host == null) {
      return false;
    }
    return write ? host.write(address, piece) : host.read(address, piece);
  }
}
