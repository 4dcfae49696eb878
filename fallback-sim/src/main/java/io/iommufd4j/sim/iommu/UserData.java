// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import io.iommufd4j.sim.mm.VersionedStruct;
import java.lang.foreign.MemorySegment;

/**
 * Data of a request that only the driver understands, still in user memory ({@code struct
 * iommu_user_data}).
 *
 * @param type the type that the user says it has
 * @param address its user address
 * @param length bytes, more than 0
 * @param memory the memory it lies in
 */
public record UserData(int type, long address, long length, UserMemory memory) {

  /**
   * {@code iommu_copy_struct_from_user}.
   *
   * @param expected the type it has to be
   * @param size bytes in the driver's structure
   * @param minimum up to where the user has to fill it
   * @return the structure, aligned to 8 bytes
   * @throws Refused EINVAL for another type, or a length below the minimum or above the size;
   *     EFAULT
   */
  public MemorySegment copyIn(int expected, long size, long minimum) {
    require(expected, size, minimum);
    MemorySegment struct = zeroed(size);
    VersionedStruct.copyIn(memory, address, length, struct);
    return struct;
  }

  /**
   * {@code iommu_copy_struct_to_user}: as much of a structure as the user has room for.
   *
   * @throws Refused as {@link #copyIn}
   */
  public void copyOut(int expected, MemorySegment struct, long minimum) {
    require(expected, struct.byteSize(), minimum);
    VersionedStruct.copyOut(memory, address, length, struct);
  }

  private void require(int expected, long size, long minimum) {
    if (type != expected || length < minimum || length > size) {
      throw Refused.with(Errno.EINVAL);
    }
  }

  static MemorySegment zeroed(long bytes) {
    return MemorySegment.ofArray(new long[(int) ((bytes + 7) / 8)]).asSlice(0, bytes);
  }
}
