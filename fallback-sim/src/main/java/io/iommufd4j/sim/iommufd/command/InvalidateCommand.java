// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.command;

import io.iommufd4j.bindings.iommufd.iommu_hwpt_invalidate;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.UserDataArray;
import io.iommufd4j.sim.iommufd.IommufdObject;
import io.iommufd4j.sim.iommufd.NestedHwpt;
import io.iommufd4j.sim.iommufd.ObjectTable;
import io.iommufd4j.sim.iommufd.viommu.Viommu;
import io.iommufd4j.sim.lib.Behavior;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** {@code IOMMU_HWPT_INVALIDATE}. */
final class InvalidateCommand {

  /** {@code IOMMU_HWPT_INVALIDATE_ENTRY_NUM_MAX}. */
  private static final int MOST_ENTRIES = 1 << 19;

  private InvalidateCommand() {}

  /**
   * EOPNOTSUPP for reserved fields, EINVAL for too many or too long entries, ENOENT, EINVAL for an
   * object that caches nothing of the user's, else as the driver answers. Whatever the answer, the
   * number of entries that were carried out is written back; EFAULT when that fails.
   */
  static void execute(Command command) {
    @Nullable Refused late = null;
    int handled = 0;
    try {
      requireFields(command.block());
      var requests = requests(command);
      try {
        invalidate(command, requests);
      } finally {
        handled = requests.handled();
      }
    } catch (Refused refused) {
      late = refused;
    }
    iommu_hwpt_invalidate.entry_num(command.block(), handled);
    command.respond(iommu_hwpt_invalidate.sizeof());
    if (late != null) {
      throw late;
    }
  }

  private static void requireFields(MemorySegment block) {
    if (iommu_hwpt_invalidate.__reserved(block) != 0) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    int entries = iommu_hwpt_invalidate.entry_num(block);
    int length = iommu_hwpt_invalidate.entry_len(block);
    if (entries != 0
        && (iommu_hwpt_invalidate.data_uptr(block) == 0
            || length == 0
            || Integer.compareUnsigned(length, UserMemory.PAGE_SIZE) > 0
            || Integer.compareUnsigned(entries, MOST_ENTRIES) > 0)) {
      throw Refused.with(Errno.EINVAL);
    }
  }

  private static UserDataArray requests(Command command) {
    MemorySegment block = command.block();
    return new UserDataArray(
        iommu_hwpt_invalidate.data_type(block),
        iommu_hwpt_invalidate.data_uptr(block),
        Integer.toUnsignedLong(iommu_hwpt_invalidate.entry_len(block)),
        iommu_hwpt_invalidate.entry_num(block),
        command.context().memory());
  }

  private static void invalidate(Command command, UserDataArray requests) {
    ObjectTable objects = command.objects();
    int id = iommu_hwpt_invalidate.hwpt_id(command.block());
    IommufdObject target = objects.get(id, IommufdObject.class);
    try {
      command.context().faults().alloc(); // The driver's copy of the entries.
      switch (target) {
        case NestedHwpt nested -> nested.domain().invalidate(requests);
        case Viommu viommu -> viommu.ops().invalidate(requests);
        default -> throw Refused.with(otherKind(command));
      }
    } finally {
      objects.put(target);
    }
  }

  private static Errno otherKind(Command command) {
    boolean tells = command.context().release().has(Behavior.INVALIDATE_OF_OTHER_KINDS);
    return tells ? Errno.EINVAL : Errno.ENOENT;
  }
}
