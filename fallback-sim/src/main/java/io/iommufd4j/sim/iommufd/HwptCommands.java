package io.iommufd4j.sim.iommufd;

import io.iommufd4j.bindings.iommufd.iommu_hwpt_alloc;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_invalidate;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.UserData;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** {@code IOMMU_HWPT_ALLOC} and {@code IOMMU_HWPT_INVALIDATE}. */
final class HwptCommands {

  /** {@code IOMMU_HWPT_INVALIDATE_ENTRY_NUM_MAX}. */
  private static final int MOST_ENTRIES = 1 << 19;

  private HwptCommands() {}

  /**
   * EOPNOTSUPP for reserved fields, EINVAL when data and its type do not go together, ENOENT for an
   * unknown device, EINVAL for an unknown page table or one of the wrong type, then as {@link
   * PagingHwpt#alloc}; ENOENT for an unknown fault queue.
   */
  static void alloc(Command command) {
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
        switch (target) {
          case Ioas ioas -> allocPaging(command, ioas, device, data ? userData(command) : null);
          case PagingHwpt parent -> allocNested(command, parent, device, data);
          default -> throw Refused.with(Errno.EINVAL);
        }
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

  private static UserData userData(Command command) {
    MemorySegment block = command.block();
    return new UserData(
        iommu_hwpt_alloc.data_type(block),
        iommu_hwpt_alloc.data_uptr(block),
        Integer.toUnsignedLong(iommu_hwpt_alloc.data_len(block)),
        command.context().memory());
  }

  private static void allocPaging(
      Command command, Ioas ioas, IommufdDevice device, @Nullable UserData data) {
    MemorySegment block = command.block();
    int flags = iommu_hwpt_alloc.flags(block);
    ioas.lock.lock();
    try {
      PagingHwpt hwpt = PagingHwpt.alloc(ioas, device, flags, data, -1);
      try {
        if ((flags & iommufd_h.IOMMU_HWPT_FAULT_ID_VALID()) != 0) {
          // No command makes fault queues yet, so that no id is one's.
          throw Refused.with(Errno.ENOENT);
        }
        iommu_hwpt_alloc.out_hwpt_id(block, hwpt.id);
        command.respond(iommu_hwpt_alloc.sizeof());
      } catch (Refused refused) {
        command.objects().abort(hwpt);
        throw refused;
      }
      command.objects().publish(hwpt);
    } finally {
      ioas.lock.unlock();
    }
  }

  /** The checks of {@code iommufd_hwpt_nested_alloc}; no driver modelled nests without a vIOMMU. */
  private static void allocNested(
      Command command, PagingHwpt parent, IommufdDevice device, boolean data) {
    int known = iommufd_h.IOMMU_HWPT_FAULT_ID_VALID() | iommufd_h.IOMMU_HWPT_ALLOC_PASID();
    boolean nests = device.hardware().driver().allocatesNested();
    if ((iommu_hwpt_alloc.flags(command.block()) & ~known) != 0 || !data || !nests) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    boolean fits =
        !parent.automatic
            && parent.nestParent
            && parent.domain().driver() == device.hardware().driver();
    throw Refused.with(fits ? Errno.EOPNOTSUPP : Errno.EINVAL);
  }

  /**
   * EOPNOTSUPP for reserved fields, EINVAL for too many or too long entries, ENOENT, EINVAL for an
   * object that caches nothing of the user's. Whatever the answer, the number of entries that were
   * handled, 0, is written back; EFAULT when that fails.
   */
  static void invalidate(Command command) {
    int errno = invalidateErrno(command);
    iommu_hwpt_invalidate.entry_num(command.block(), 0);
    command.respond(iommu_hwpt_invalidate.sizeof());
    throw Refused.with(errno);
  }

  private static int invalidateErrno(Command command) {
    MemorySegment block = command.block();
    if (iommu_hwpt_invalidate.__reserved(block) != 0) {
      return Errno.EOPNOTSUPP;
    }
    int entries = iommu_hwpt_invalidate.entry_num(block);
    int length = iommu_hwpt_invalidate.entry_len(block);
    if (entries != 0
        && (iommu_hwpt_invalidate.data_uptr(block) == 0
            || length == 0
            || Integer.compareUnsigned(length, UserMemory.PAGE_SIZE) > 0
            || Integer.compareUnsigned(entries, MOST_ENTRIES) > 0)) {
      return Errno.EINVAL;
    }
    try {
      command
          .objects()
          .put(command.objects().get(iommu_hwpt_invalidate.hwpt_id(block), IommufdObject.class));
    } catch (Refused unknown) {
      return unknown.errno();
    }
    return Errno.EINVAL;
  }
}
