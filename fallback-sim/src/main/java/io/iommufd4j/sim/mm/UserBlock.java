// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.mm;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A request's block in the caller's memory, whose first word says how long the caller thinks it is.
 */
public record UserBlock(UserMemory memory, long address) {

  /** Room for a structure, zeroed and aligned to 8. */
  public static MemorySegment room(long bytes) {
    return MemorySegment.ofArray(new long[(int) ((bytes + 7) / 8)]).asSlice(0, bytes);
  }

  /**
   * {@code copy_from_user} of the block's first bytes into a larger structure.
   *
   * @throws Refused EFAULT
   */
  public void copyIn(MemorySegment structure, long from, long to) {
    memory.copyIn(address + from, structure, from, to - from);
  }

  /**
   * Copies in as much of a request's structure as every caller must have ({@code minsz}), and
   * checks that the caller says so too.
   *
   * @return room for the whole structure
   * @throws Refused EFAULT, EINVAL
   */
  public MemorySegment take(Request request) {
    return take(request, 0);
  }

  /**
   * {@link #take(Request)} of a structure that more may follow.
   *
   * @param more bytes of room behind the structure
   * @throws Refused EFAULT, EINVAL
   */
  public MemorySegment take(Request request, long more) {
    long atLeast = request.minimumBytes();
    MemorySegment structure = room(request.structBytes() + more);
    copyIn(structure, 0, atLeast);
    if (Integer.toUnsignedLong(structure.get(ValueLayout.JAVA_INT, 0)) < atLeast) {
      throw Refused.with(Errno.EINVAL);
    }
    return structure;
  }

  /**
   * {@code copy_to_user} of a structure's first bytes.
   *
   * @throws Refused EFAULT
   */
  public void copyOut(MemorySegment structure, long bytes) {
    memory.copyOut(address, structure, 0, bytes);
  }

  /**
   * {@code copy_struct_from_user}: a caller may know a shorter structure, or a longer one of which
   * it uses nothing that is not known here.
   *
   * @throws Refused EFAULT; E2BIG when a byte beyond is not zero
   */
  public void copyInAny(MemorySegment structure, long callerBytes) {
    VersionedStruct.copyIn(memory, address, callerBytes, structure);
  }
}
