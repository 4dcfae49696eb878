// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.command;

import io.iommufd4j.bindings.iommufd.iommu_veventq_alloc;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommufd.IommufdContext;
import io.iommufd4j.sim.iommufd.ObjectTable;
import io.iommufd4j.sim.iommufd.viommu.Viommu;
import io.iommufd4j.sim.iommufd.viommu.VirtualEventQueue;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;

/** {@code IOMMU_VEVENTQ_ALLOC}. */
final class VirtualEventQueueCommand {

  /** {@code VEVENTQ_MAX_DEPTH}. */
  private static final int DEEPEST = 1 << 19;

  private VirtualEventQueueCommand() {}

  /**
   * EOPNOTSUPP for flags, reserved fields or the default type, EINVAL for a depth of 0 or more than
   * 524288, ENOENT for an unknown vIOMMU, EEXIST when it has a queue of the type, EMFILE, EFAULT.
   */
  static void alloc(Command command) {
    MemorySegment block = command.block();
    int type = iommu_veventq_alloc.type(block);
    if (iommu_veventq_alloc.flags(block) != 0
        || iommu_veventq_alloc.__reserved(block) != 0
        || type == iommufd_h.IOMMU_VEVENTQ_TYPE_DEFAULT()) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    int depth = iommu_veventq_alloc.veventq_depth(block);
    if (depth == 0 || Integer.compareUnsigned(depth, DEEPEST) > 0) {
      throw Refused.with(Errno.EINVAL);
    }
    ObjectTable objects = command.objects();
    Viommu viommu = objects.get(iommu_veventq_alloc.viommu_id(block), Viommu.class);
    try (var _ = viommu.eventQueuesLock.writing()) {
      if (viommu.eventQueue(type) != null) {
        throw Refused.with(Errno.EEXIST);
      }
      open(command, objects.reserve(() -> new VirtualEventQueue(viommu, type, depth)));
    } finally {
      objects.put(viommu);
    }
  }

  private static void open(Command command, VirtualEventQueue queue) {
    MemorySegment block = command.block();
    IommufdContext context = command.context();
    try {
      int fd = queue.openFile();
      try {
        iommu_veventq_alloc.out_veventq_id(block, queue.id());
        iommu_veventq_alloc.out_veventq_fd(block, fd);
        command.respond(iommu_veventq_alloc.sizeof());
      } catch (Refused refused) {
        context.files().cancel(fd);
        throw refused;
      }
      command.objects().publish(queue);
      context.files().install(fd);
    } catch (Refused refused) {
      command.objects().abort(queue);
      throw refused;
    }
  }
}
