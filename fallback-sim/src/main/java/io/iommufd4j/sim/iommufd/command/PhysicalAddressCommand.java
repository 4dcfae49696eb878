// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.command;

import io.iommufd4j.bindings.iommufd.iommu_ioas_noiommu_get_pa;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.NoIommu;
import io.iommufd4j.sim.iommufd.Ioas;
import io.iommufd4j.sim.iommufd.ioas.Iova;
import io.iommufd4j.sim.iommufd.ioas.PhysicalRange;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;

/** {@code IOMMU_IOAS_NOIOMMU_GET_PA}. */
final class PhysicalAddressCommand {

  private PhysicalAddressCommand() {}

  /**
   * EPERM without {@code CAP_SYS_RAWIO}, EOPNOTSUPP for flags, EINVAL for no bytes, EOVERFLOW,
   * ENOENT where nothing is mapped, EINVAL for a device's buffer that was taken back, and
   * EOPNOTSUPP where no page table of {@link NoIommu} was the first to hold the pages: behind an
   * IOMMU physical addresses are nobody's business.
   */
  static void execute(Command command) {
    MemorySegment block = command.block();
    if (!command.context().accounting().privileged()) {
      throw Refused.with(Errno.EPERM);
    }
    if (iommu_ioas_noiommu_get_pa.flags(block) != 0
        || iommu_ioas_noiommu_get_pa.__reserved(block) != 0) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    if (iommu_ioas_noiommu_get_pa.length(block) == 0) {
      throw Refused.with(Errno.EINVAL);
    }
    long iova = iommu_ioas_noiommu_get_pa.iova(block);
    if (iova == Iova.MAX) {
      throw Refused.with(Errno.EOVERFLOW);
    }
    Ioas ioas = command.objects().get(iommu_ioas_noiommu_get_pa.ioas_id(block), Ioas.class);
    try {
      PhysicalRange range =
          PhysicalRange.behind(ioas.table, iova, iommu_ioas_noiommu_get_pa.length(block));
      iommu_ioas_noiommu_get_pa.out_phys(block, range.address());
      iommu_ioas_noiommu_get_pa.length(block, range.length());
      command.respond(iommu_ioas_noiommu_get_pa.sizeof());
    } finally {
      command.objects().put(ioas);
    }
  }
}
