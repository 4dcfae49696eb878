package io.iommufd4j.sim.iommufd;

import io.iommufd4j.bindings.iommufd.iommu_hw_queue_alloc;
import io.iommufd4j.bindings.iommufd.iommu_veventq_alloc;
import io.iommufd4j.bindings.iommufd.iommu_viommu_alloc;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;

/**
 * Commands for fault queues and virtual IOMMUs. Drivers without virtual IOMMUs answer this way on
 * Linux too; a fault queue Linux would make, which is the one divergence here.
 */
final class UnbuiltCommands {

  /** {@code VEVENTQ_MAX_DEPTH}. */
  private static final int DEEPEST_QUEUE = 1 << 19;

  private UnbuiltCommands() {}

  /** A command that always gives one answer. */
  static CommandTable.Handler refusing(int errno) {
    return command -> {
      throw Refused.with(errno);
    };
  }

  /** EOPNOTSUPP for flags or the default type, ENOENT for an unknown device, else EOPNOTSUPP. */
  static void viommuAlloc(Command command) {
    MemorySegment block = command.block();
    if (iommu_viommu_alloc.flags(block) != 0
        || iommu_viommu_alloc.type(block) == iommufd_h.IOMMU_VIOMMU_TYPE_DEFAULT()) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    IommufdDevice device =
        command.objects().get(iommu_viommu_alloc.dev_id(block), IommufdDevice.class);
    command.objects().put(device);
    throw Refused.with(Errno.EOPNOTSUPP);
  }

  /**
   * EOPNOTSUPP for flags, reserved fields or the default type, EINVAL for a depth of 0 or more than
   * 524288, else ENOENT.
   */
  static void veventqAlloc(Command command) {
    MemorySegment block = command.block();
    if (iommu_veventq_alloc.flags(block) != 0
        || iommu_veventq_alloc.__reserved(block) != 0
        || iommu_veventq_alloc.type(block) == iommufd_h.IOMMU_VEVENTQ_TYPE_DEFAULT()) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    int depth = iommu_veventq_alloc.veventq_depth(block);
    if (depth == 0 || Integer.compareUnsigned(depth, DEEPEST_QUEUE) > 0) {
      throw Refused.with(Errno.EINVAL);
    }
    throw Refused.with(Errno.ENOENT);
  }

  /** EOPNOTSUPP for flags or the default type, EINVAL for no bytes, EOVERFLOW, else ENOENT. */
  static void hwQueueAlloc(Command command) {
    MemorySegment block = command.block();
    if (iommu_hw_queue_alloc.flags(block) != 0
        || iommu_hw_queue_alloc.type(block) == iommufd_h.IOMMU_HW_QUEUE_TYPE_DEFAULT()) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    long length = iommu_hw_queue_alloc.length(block);
    if (length == 0) {
      throw Refused.with(Errno.EINVAL);
    }
    Iova.last(iommu_hw_queue_alloc.nesting_parent_iova(block), length);
    throw Refused.with(Errno.ENOENT);
  }
}
