// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import io.iommufd4j.sim.mm.VersionedStruct;
import java.lang.foreign.MemorySegment;

/**
 * Several requests to a driver in one, in user memory still, and how many of them it has carried
 * out ({@code struct iommu_user_data_array}).
 */
public final class UserDataArray {

  /** {@code KMALLOC_MAX_SIZE}: what the kernel's allocator gives in one piece. */
  private static final long LARGEST_ALLOCATION = 4L << 20;

  private final int type;
  private final long address;
  private final long entryLength;
  private final int entries;
  private final UserMemory memory;
  private int handled;

  /**
   * An array of which nothing was carried out.
   *
   * @param type the user's word for what each entry is
   * @param address where the first lies
   * @param entryLength bytes from one to the next
   * @param entries how many, not negative
   */
  public UserDataArray(int type, long address, long entryLength, int entries, UserMemory memory) {
    this.type = type;
    this.address = address;
    this.entryLength = entryLength;
    this.entries = entries;
    this.memory = memory;
  }

  /** The user's word for what each entry is. */
  public int type() {
    return type;
  }

  /** The number of entries. */
  public int entries() {
    return entries;
  }

  /** The number of entries carried out, which is reported to the user even after an error. */
  public int handled() {
    return handled;
  }

  /** One more was carried out. */
  public void handledOne() {
    handled++;
  }

  /**
   * {@code iommu_copy_struct_from_user_array}: one entry.
   *
   * @throws Refused as {@link UserData#copyIn}
   */
  public MemorySegment entry(int expected, int index, long size, long minimum) {
    return new UserData(type, address + entryLength * index, entryLength, memory)
        .copyIn(expected, size, minimum);
  }

  /**
   * {@code iommu_copy_struct_from_full_user_array}: all entries, one behind the other.
   *
   * @param expected the type they have to be
   * @param size bytes in the driver's structure
   * @throws Refused ENOMEM for more than the kernel allocates, by which all then count as carried
   *     out; EINVAL for another type or no entries, E2BIG for longer ones that are not 0 behind
   *     what the driver knows, EFAULT
   */
  public MemorySegment all(int expected, long size) {
    if (size * entries > LARGEST_ALLOCATION) {
      handled = entries;
      throw Refused.with(Errno.ENOMEM);
    }
    if (type != expected || entries == 0) {
      throw Refused.with(Errno.EINVAL);
    }
    MemorySegment structs = UserData.zeroed(size * entries);
    if (entryLength == size) {
      memory.copyIn(address, structs);
      return structs;
    }
    for (int i = 0; i < entries; i++) {
      MemorySegment struct = structs.asSlice(size * i, size);
      VersionedStruct.copyIn(memory, address + entryLength * i, entryLength, struct);
    }
    return structs;
  }
}
