// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.command;

import io.iommufd4j.bindings.iommufd.iommu_hw_queue_alloc;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommufd.ObjectTable;
import io.iommufd4j.sim.iommufd.ioas.Iova;
import io.iommufd4j.sim.iommufd.viommu.HwQueue;
import io.iommufd4j.sim.iommufd.viommu.Viommu;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;

/** {@code IOMMU_HW_QUEUE_ALLOC}. */
final class HwQueueCommand {

  private HwQueueCommand() {}

  /**
   * EOPNOTSUPP for flags or the default type, EINVAL for no bytes, EOVERFLOW past the end, ENOENT
   * for an unknown vIOMMU, EOPNOTSUPP for a type that it has no queues of, then as {@link
   * HwQueue#init}; EFAULT.
   */
  static void alloc(Command command) {
    MemorySegment block = command.block();
    int type = iommu_hw_queue_alloc.type(block);
    if (iommu_hw_queue_alloc.flags(block) != 0 || type == iommufd_h.IOMMU_HW_QUEUE_TYPE_DEFAULT()) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    long base = iommu_hw_queue_alloc.nesting_parent_iova(block);
    long length = iommu_hw_queue_alloc.length(block);
    if (length == 0) {
      throw Refused.with(Errno.EINVAL);
    }
    Iova.last(base, length);
    ObjectTable objects = command.objects();
    Viommu viommu = objects.get(iommu_hw_queue_alloc.viommu_id(block), Viommu.class);
    try {
      if (!viommu.ops().hasHwQueues(type)) {
        throw Refused.with(Errno.EOPNOTSUPP);
      }
      HwQueue queue = objects.reserve(() -> new HwQueue(viommu, type, base, length));
      try {
        queue.init(iommu_hw_queue_alloc.index(block));
        iommu_hw_queue_alloc.out_hw_queue_id(block, queue.id());
        command.respond(iommu_hw_queue_alloc.sizeof());
      } catch (Refused refused) {
        objects.abort(queue);
        throw refused;
      }
      objects.publish(queue);
    } finally {
      objects.put(viommu);
    }
  }
}
