package io.iommufd4j.sim.iommufd;

import io.iommufd4j.bindings.iommufd.iommu_ioas_noiommu_get_pa;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
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
      ioas.table.withAreas(areas -> answer(block, areas, iova));
      command.respond(iommu_ioas_noiommu_get_pa.sizeof());
    } finally {
      command.objects().put(ioas);
    }
  }

  /** {@code iopt_get_phys}: a piece of one area, page by page for as long as they lie together. */
  private static void answer(MemorySegment block, AreaTree areas, long iova) {
    Area area = areas.first(iova, iova);
    if (area == null || area.pages == null) {
      throw Refused.with(Errno.ENOENT);
    }
    try (var _ = area.pages.lock.guard()) {
      long most = iommu_ioas_noiommu_get_pa.length(block);
      long physical = area.physical(iova);
      long page = UserMemory.PAGE_SIZE - (iova & (UserMemory.PAGE_SIZE - 1));
      long length = Iova.min(page, area.last - iova + 1);
      while (Iova.below(length, most)
          && !Iova.above(length, area.last - iova)
          && area.physical(iova + length) == physical + length) {
        length += Iova.min(UserMemory.PAGE_SIZE, area.last - (iova + length) + 1);
      }
      iommu_ioas_noiommu_get_pa.out_phys(block, physical);
      iommu_ioas_noiommu_get_pa.length(block, Iova.min(length, most));
    }
  }
}
