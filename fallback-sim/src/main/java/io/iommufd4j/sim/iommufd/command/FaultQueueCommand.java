// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.command;

import io.iommufd4j.bindings.iommufd.iommu_fault_alloc;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommufd.FaultQueue;
import io.iommufd4j.sim.iommufd.IommufdContext;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;

/** {@code IOMMU_FAULT_QUEUE_ALLOC}. */
final class FaultQueueCommand {

  private FaultQueueCommand() {}

  /** EOPNOTSUPP for flags, EMFILE when there are too many descriptors, EFAULT. */
  static void alloc(Command command) {
    MemorySegment block = command.block();
    if (iommu_fault_alloc.flags(block) != 0) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    IommufdContext context = command.context();
    FaultQueue queue = command.objects().reserve(() -> new FaultQueue(context));
    try {
      int fd = queue.openFile();
      try {
        iommu_fault_alloc.out_fault_id(block, queue.id());
        iommu_fault_alloc.out_fault_fd(block, fd);
        command.respond(iommu_fault_alloc.sizeof());
      } catch (Refused refused) {
        context.files().cancel(fd);
        throw refused;
      }
      context.files().install(fd);
    } catch (Refused refused) {
      command.objects().abort(queue);
      throw refused;
    }
    command.objects().publish(queue);
  }
}
