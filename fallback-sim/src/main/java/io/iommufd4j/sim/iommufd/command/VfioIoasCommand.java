// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.command;

import io.iommufd4j.bindings.iommufd.iommu_vfio_ioas;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommufd.Ioas;
import io.iommufd4j.sim.iommufd.ObjectTable;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;

/** {@code IOMMU_VFIO_IOAS}: which IOAS VFIO-compatible requests work on. */
final class VfioIoasCommand {

  private VfioIoasCommand() {}

  /**
   * EOPNOTSUPP for reserved fields or an unknown operation, ENODEV to get it when there is none,
   * ENOENT to set it to an unknown IOAS.
   */
  static void execute(Command command) {
    MemorySegment block = command.block();
    ObjectTable objects = command.objects();
    if (iommu_vfio_ioas.__reserved(block) != 0) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    int operation = Short.toUnsignedInt(iommu_vfio_ioas.op(block));
    if (operation == iommufd_h.IOMMU_VFIO_IOAS_GET()) {
      Ioas ioas = command.context().getCompatibleIoas();
      iommu_vfio_ioas.ioas_id(block, ioas.id());
      objects.put(ioas);
      command.respond(iommu_vfio_ioas.sizeof());
    } else if (operation == iommufd_h.IOMMU_VFIO_IOAS_SET()) {
      Ioas ioas = objects.get(iommu_vfio_ioas.ioas_id(block), Ioas.class);
      command.context().compatibleIoas(ioas);
      objects.put(ioas);
    } else if (operation == iommufd_h.IOMMU_VFIO_IOAS_CLEAR()) {
      command.context().compatibleIoas(null);
    } else {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
  }
}
