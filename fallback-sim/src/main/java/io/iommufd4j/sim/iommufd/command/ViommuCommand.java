// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.command;

import io.iommufd4j.bindings.iommufd.iommu_viommu_alloc;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.UserData;
import io.iommufd4j.sim.iommufd.IommufdDevice;
import io.iommufd4j.sim.iommufd.ObjectTable;
import io.iommufd4j.sim.iommufd.PagingHwpt;
import io.iommufd4j.sim.iommufd.viommu.Viommu;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** {@code IOMMU_VIOMMU_ALLOC}. */
final class ViommuCommand {

  private ViommuCommand() {}

  /**
   * EOPNOTSUPP for flags or the default type, ENOENT for an unknown device, EOPNOTSUPP for one
   * whose IOMMU cannot be shown to a guest that way, ENOENT for an unknown HWPT, EINVAL for one
   * that is no nesting parent, else as the driver answers; EFAULT.
   */
  static void alloc(Command command) {
    MemorySegment block = command.block();
    int type = iommu_viommu_alloc.type(block);
    if (iommu_viommu_alloc.flags(block) != 0 || type == iommufd_h.IOMMU_VIOMMU_TYPE_DEFAULT()) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    ObjectTable objects = command.objects();
    IommufdDevice device = objects.get(iommu_viommu_alloc.dev_id(block), IommufdDevice.class);
    try {
      IommuDevice hardware = device.hardware();
      if (!hardware.driver().virtualizes(hardware, type)) {
        throw Refused.with(Errno.EOPNOTSUPP);
      }
      PagingHwpt hwpt = objects.get(iommu_viommu_alloc.hwpt_id(block), PagingHwpt.class);
      try {
        if (!hwpt.nestParent) {
          throw Refused.with(Errno.EINVAL);
        }
        make(command, hwpt, hardware);
      } finally {
        objects.put(hwpt);
      }
    } finally {
      objects.put(device);
    }
  }

  private static void make(Command command, PagingHwpt hwpt, IommuDevice device) {
    MemorySegment block = command.block();
    ObjectTable objects = command.objects();
    Object iommu = device.driver().instance(device);
    Viommu viommu = objects.reserve(() -> new Viommu(command.context(), hwpt, iommu));
    try {
      viommu.init(device, iommu_viommu_alloc.type(block), data(command));
      iommu_viommu_alloc.out_viommu_id(block, viommu.id());
      command.respond(iommu_viommu_alloc.sizeof());
    } catch (Refused refused) {
      objects.abort(viommu);
      throw refused;
    }
    objects.publish(viommu);
  }

  private static @Nullable UserData data(Command command) {
    MemorySegment block = command.block();
    long length = Integer.toUnsignedLong(iommu_viommu_alloc.data_len(block));
    return length == 0
        ? null
        : new UserData(
            iommu_viommu_alloc.type(block),
            iommu_viommu_alloc.data_uptr(block),
            length,
            command.context().memory());
  }
}
