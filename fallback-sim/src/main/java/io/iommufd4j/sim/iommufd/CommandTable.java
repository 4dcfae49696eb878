package io.iommufd4j.sim.iommufd;

import io.iommufd4j.bindings.iommufd.*;
import io.iommufd4j.bindings.selftest.iommu_test_cmd;
import io.iommufd4j.bindings.selftest.selftest_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import org.jspecify.annotations.Nullable;

/** Every command, its structure's size, and who serves it ({@code iommufd_ioctl_ops}). */
final class CommandTable {

  /** Serves a command. */
  @FunctionalInterface
  interface Handler {
    /**
     * Runs it.
     *
     * @throws Refused with what the kernel answers
     */
    void execute(Command command);
  }

  /**
   * A command.
   *
   * @param request the request number, whole
   * @param size of the kernel's structure in bytes
   * @param minimum up to where user space has to fill it
   */
  private record Entry(int request, long size, long minimum, Handler handler) {}

  /** The command of a kernel with {@code CONFIG_IOMMUFD_TEST}, far behind the others. */
  private static final int TEST_COMMAND = selftest_h.IOMMU_TEST_CMD() & 0xff;

  private static final @Nullable Entry[] ENTRIES =
      new @Nullable Entry[TEST_COMMAND - iommufd_h.IOMMUFD_CMD_BASE() + 1];

  private static final long LARGEST;

  static {
    enter(
        iommufd_h.IOMMU_DESTROY(),
        iommu_destroy.sizeof(),
        iommu_destroy.id$offset() + Integer.BYTES,
        CommandTable::destroy);
    enter(
        iommufd_h.IOMMU_FAULT_QUEUE_ALLOC(),
        iommu_fault_alloc.sizeof(),
        iommu_fault_alloc.out_fault_fd$offset() + Integer.BYTES,
        FaultQueueCommand::alloc);
    enter(
        iommufd_h.IOMMU_GET_HW_INFO(),
        iommu_hw_info.sizeof(),
        iommu_hw_info.__reserved$offset() + iommu_hw_info.__reserved$layout().byteSize(),
        HwInfoCommand::execute);
    enter(
        iommufd_h.IOMMU_HW_QUEUE_ALLOC(),
        iommu_hw_queue_alloc.sizeof(),
        iommu_hw_queue_alloc.length$offset() + Long.BYTES,
        HwQueueCommand::alloc);
    enter(
        iommufd_h.IOMMU_HWPT_ALLOC(),
        iommu_hwpt_alloc.sizeof(),
        iommu_hwpt_alloc.__reserved$offset() + Integer.BYTES,
        HwptAllocCommand::execute);
    enter(
        iommufd_h.IOMMU_HWPT_GET_DIRTY_BITMAP(),
        iommu_hwpt_get_dirty_bitmap.sizeof(),
        iommu_hwpt_get_dirty_bitmap.data$offset() + Long.BYTES,
        DirtyCommands::getBitmap);
    enter(
        iommufd_h.IOMMU_HWPT_INVALIDATE(),
        iommu_hwpt_invalidate.sizeof(),
        iommu_hwpt_invalidate.__reserved$offset() + Integer.BYTES,
        InvalidateCommand::execute);
    enter(
        iommufd_h.IOMMU_HWPT_SET_DIRTY_TRACKING(),
        iommu_hwpt_set_dirty_tracking.sizeof(),
        iommu_hwpt_set_dirty_tracking.__reserved$offset() + Integer.BYTES,
        DirtyCommands::setTracking);
    enter(
        iommufd_h.IOMMU_IOAS_ALLOC(),
        iommu_ioas_alloc.sizeof(),
        iommu_ioas_alloc.out_ioas_id$offset() + Integer.BYTES,
        IoasCommands::alloc);
    enter(
        iommufd_h.IOMMU_IOAS_ALLOW_IOVAS(),
        iommu_ioas_allow_iovas.sizeof(),
        iommu_ioas_allow_iovas.allowed_iovas$offset() + Long.BYTES,
        IoasCommands::allowIovas);
    enter(
        iommufd_h.IOMMU_IOAS_CHANGE_PROCESS(),
        iommu_ioas_change_process.sizeof(),
        iommu_ioas_change_process.__reserved$offset() + Integer.BYTES,
        ChangeProcessCommand::execute);
    enter(
        iommufd_h.IOMMU_IOAS_COPY(),
        iommu_ioas_copy.sizeof(),
        iommu_ioas_copy.src_iova$offset() + Long.BYTES,
        MapCommands::copy);
    enter(
        iommufd_h.IOMMU_IOAS_IOVA_RANGES(),
        iommu_ioas_iova_ranges.sizeof(),
        iommu_ioas_iova_ranges.out_iova_alignment$offset() + Long.BYTES,
        IoasCommands::iovaRanges);
    enter(
        iommufd_h.IOMMU_IOAS_MAP(),
        iommu_ioas_map.sizeof(),
        iommu_ioas_map.iova$offset() + Long.BYTES,
        MapCommands::map);
    enter(
        iommufd_h.IOMMU_IOAS_MAP_FILE(),
        iommu_ioas_map_file.sizeof(),
        iommu_ioas_map_file.iova$offset() + Long.BYTES,
        MapCommands::mapFile);
    enter(
        iommufd_h.IOMMU_IOAS_NOIOMMU_GET_PA(),
        iommu_ioas_noiommu_get_pa.sizeof(),
        iommu_ioas_noiommu_get_pa.out_phys$offset() + Long.BYTES,
        PhysicalAddressCommand::execute);
    enter(
        iommufd_h.IOMMU_IOAS_UNMAP(),
        iommu_ioas_unmap.sizeof(),
        iommu_ioas_unmap.length$offset() + Long.BYTES,
        MapCommands::unmap);
    enter(
        iommufd_h.IOMMU_OPTION(),
        iommu_option.sizeof(),
        iommu_option.val64$offset() + Long.BYTES,
        OptionCommand::execute);
    enter(
        iommufd_h.IOMMU_VDEVICE_ALLOC(),
        iommu_vdevice_alloc.sizeof(),
        iommu_vdevice_alloc.virt_id$offset() + Long.BYTES,
        VdeviceCommand::alloc);
    enter(
        iommufd_h.IOMMU_VEVENTQ_ALLOC(),
        iommu_veventq_alloc.sizeof(),
        iommu_veventq_alloc.out_veventq_fd$offset() + Integer.BYTES,
        VirtualEventQueueCommand::alloc);
    enter(
        iommufd_h.IOMMU_VFIO_IOAS(),
        iommu_vfio_ioas.sizeof(),
        iommu_vfio_ioas.__reserved$offset() + Short.BYTES,
        VfioIoasCommand::execute);
    enter(
        iommufd_h.IOMMU_VIOMMU_ALLOC(),
        iommu_viommu_alloc.sizeof(),
        iommu_viommu_alloc.out_viommu_id$offset() + Integer.BYTES,
        ViommuCommand::alloc);
    enter(
        selftest_h.IOMMU_TEST_CMD(),
        iommu_test_cmd.sizeof(),
        iommu_test_cmd.last$offset() + Integer.BYTES,
        command -> command.context().tests().execute(command));
    long largest = 0;
    for (Entry entry : ENTRIES) {
      largest = entry == null ? largest : Math.max(largest, entry.size);
    }
    LARGEST = largest;
  }

  private CommandTable() {}

  private static void enter(int request, long size, long minimum, Handler handler) {
    ENTRIES[(request & 0xff) - iommufd_h.IOMMUFD_CMD_BASE()] =
        new Entry(request, size, minimum, handler);
  }

  /** Bytes in the largest structure. */
  static long largest() {
    return LARGEST;
  }

  /** Whether a request is one of these by its number; all others are type 1 requests. */
  static boolean covers(int request) {
    int index = (request & 0xff) - iommufd_h.IOMMUFD_CMD_BASE();
    return index >= 0 && index < ENTRIES.length;
  }

  /**
   * Runs a request ({@code iommufd_fops_ioctl}).
   *
   * @throws Refused EFAULT, ENOTTY for an unknown one, EINVAL and E2BIG for its size, and what the
   *     command itself refuses
   */
  static void execute(Command command, int request, long address) {
    command.begin(address);
    Entry entry = ENTRIES[(request & 0xff) - iommufd_h.IOMMUFD_CMD_BASE()];
    if (entry == null || entry.request != request) {
      throw Refused.with(Errno.ENOTTY);
    }
    command.read(entry.size, entry.minimum);
    entry.handler.execute(command);
  }

  private static void destroy(Command command) {
    command.objects().destroy(iommu_destroy.id(command.block()));
  }
}
