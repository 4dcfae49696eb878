// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.command;

import io.iommufd4j.bindings.iommufd.iommu_hwpt_alloc;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.UserData;
import io.iommufd4j.sim.iommufd.FaultQueue;
import io.iommufd4j.sim.iommufd.Hwpt;
import io.iommufd4j.sim.iommufd.Ioas;
import io.iommufd4j.sim.iommufd.IommufdDevice;
import io.iommufd4j.sim.iommufd.IommufdObject;
import io.iommufd4j.sim.iommufd.NestedHwpt;
import io.iommufd4j.sim.iommufd.ObjectTable;
import io.iommufd4j.sim.iommufd.PagingHwpt;
import io.iommufd4j.sim.iommufd.viommu.Viommu;
import io.iommufd4j.sim.lib.Behavior;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;
import java.util.function.Supplier;

/** {@code IOMMU_HWPT_ALLOC}. */
final class HwptAllocCommand {

  private static final int LATER_FLAGS =
      iommufd_h.IOMMU_HWPT_ALLOC_PASID() | iommufd_h.IOMMU_HWPT_FAULT_ID_VALID();

  private HwptAllocCommand() {}

  /**
   * EOPNOTSUPP for reserved fields, EINVAL when data and its type do not go together, ENOENT for an
   * unknown device, EINVAL for an unknown page table or one of the wrong type, then as {@link
   * IommufdDevice#allocHwpt}, {@link NestedHwpt#alloc} or {@link Viommu#allocNested}; ENOENT for an
   * unknown fault queue.
   */
  static void execute(Command command) {
    MemorySegment block = command.block();
    if (iommu_hwpt_alloc.__reserved(block) != 0) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    boolean typed = iommu_hwpt_alloc.data_type(block) != iommufd_h.IOMMU_HWPT_DATA_NONE();
    boolean data = iommu_hwpt_alloc.data_len(block) != 0;
    if (typed != data) {
      throw Refused.with(Errno.EINVAL);
    }
    ObjectTable objects = command.objects();
    IommufdDevice device = objects.get(iommu_hwpt_alloc.dev_id(block), IommufdDevice.class);
    try {
      IommufdObject target = target(objects, iommu_hwpt_alloc.pt_id(block));
      try {
        alloc(command, target, device);
      } finally {
        objects.put(target);
      }
    } finally {
      objects.put(device);
    }
  }

  private static IommufdObject target(ObjectTable objects, int id) {
    try {
      return objects.get(id, IommufdObject.class);
    } catch (Refused unknown) {
      throw Refused.with(Errno.EINVAL);
    }
  }

  private static void alloc(Command command, IommufdObject target, IommufdDevice device) {
    MemorySegment block = command.block();
    int flags = iommu_hwpt_alloc.flags(block);
    var data =
        new UserData(
            iommu_hwpt_alloc.data_type(block),
            iommu_hwpt_alloc.data_uptr(block),
            Integer.toUnsignedLong(iommu_hwpt_alloc.data_len(block)),
            command.context().memory());
    switch (target) {
      case Ioas ioas -> {
        refuse(command, flags & LATER_FLAGS);
        try (var _ = ioas.lock.guard()) {
          publish(command, () -> device.allocHwpt(ioas, flags, data.length() == 0 ? null : data));
        }
      }
      case PagingHwpt parent -> {
        refuse(command, flags & iommufd_h.IOMMU_HWPT_ALLOC_PASID());
        publish(command, () -> NestedHwpt.alloc(parent, device.hardware(), flags, data));
      }
      case Viommu viommu -> publish(command, () -> viommu.allocNested(device, flags, data));
      default -> throw Refused.with(Errno.EINVAL);
    }
  }

  /** Linux 6.12 does not know them there. */
  private static void refuse(Command command, int laterFlags) {
    if (laterFlags != 0 && !command.context().release().has(Behavior.FLAGS_OF_PASIDS_AND_FAULTS)) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
  }

  private static void publish(Command command, Supplier<? extends Hwpt> maker) {
    MemorySegment block = command.block();
    ObjectTable objects = command.objects();
    Hwpt hwpt = maker.get();
    try {
      if ((iommu_hwpt_alloc.flags(block) & iommufd_h.IOMMU_HWPT_FAULT_ID_VALID()) != 0) {
        FaultQueue queue = objects.get(iommu_hwpt_alloc.fault_id(block), FaultQueue.class);
        hwpt.reportTo(queue);
        objects.put(queue);
      }
      iommu_hwpt_alloc.out_hwpt_id(block, hwpt.id());
      command.respond(iommu_hwpt_alloc.sizeof());
    } catch (Refused refused) {
      objects.abort(hwpt);
      throw refused;
    }
    objects.publish(hwpt);
  }
}
