// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.command;

import io.iommufd4j.bindings.iommufd.iommu_destroy;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.bindings.selftest.iommu_test_cmd;
import io.iommufd4j.bindings.selftest.selftest_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.FileKind;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.sim.iommufd.IommufdContext;
import io.iommufd4j.sim.iommufd.RequestHandler;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.wire.PerThread;

/** Every command of a context, by its number ({@code iommufd_ioctl_ops}). */
public final class Commands implements RequestHandler {

  /** The command of a kernel with {@code CONFIG_IOMMUFD_TEST}, far behind the others. */
  private static final int TEST = selftest_h.IOMMU_TEST_CMD();

  /**
   * Bytes that hold the structure of any command. It is not asked of the largest, {@code
   * iommu_test_cmd}, whose layout takes a good part of a short program's start.
   */
  private static final long LARGEST = 128;

  private final IommufdContext context;
  private final TestCommands tests;

  /** A thread's own, unless that is at work on a request which led to this one. */
  private final PerThread<Command> commands;

  /**
   * The commands of a context.
   *
   * @param tests serves {@code IOMMU_TEST_CMD}
   * @param commands from {@link #ofThreads}
   */
  public Commands(IommufdContext context, TestCommands tests, PerThread<Command> commands) {
    this.context = context;
    this.tests = tests;
    this.commands = commands;
  }

  /** One for each thread, for all contexts of a kernel. */
  public static PerThread<Command> ofThreads() {
    return new PerThread<>(() -> new Command(LARGEST));
  }

  /**
   * {@code iommufd_fops_ioctl}.
   *
   * @throws Refused EFAULT, ENOTTY for an unknown one, EINVAL and E2BIG for its size, and what the
   *     command itself refuses
   */
  @Override
  public int ioctl(int number, long argument) {
    if (!isCommand(number)) {
      return VfioCompat.ioctl(context, number, argument);
    }
    Command mine = commands.get();
    Command command = mine.idle() ? mine : new Command(LARGEST);
    try {
      execute(command, number, argument);
      return 0;
    } finally {
      command.end();
    }
  }

  /** True if a number is an iommufd command's; all others are VFIO's. */
  private static boolean isCommand(int number) {
    int ordinal = number & 0xff;
    return ordinal >= iommufd_h.IOMMUFD_CMD_BASE() && ordinal <= (TEST & 0xff);
  }

  private void execute(Command command, int number, long address) {
    command.begin(context, address);
    if (number == TEST) {
      command.read(iommu_test_cmd.sizeof(), iommu_test_cmd.last$offset() + Integer.BYTES);
      tests.execute(command);
      return;
    }
    Request request =
        Request.find(number, FileKind.IOMMUFD)
            .filter(context.release()::serves)
            .orElseThrow(() -> Refused.with(Errno.ENOTTY));
    command.read(request.structBytes(), request.minimumBytes());
    execute(command, request);
  }

  private static void execute(Command command, Request request) {
    switch (request) {
      case IOMMU_DESTROY -> command.objects().destroy(iommu_destroy.id(command.block()));
      case IOMMU_FAULT_QUEUE_ALLOC -> FaultQueueCommand.alloc(command);
      case IOMMU_GET_HW_INFO -> HwInfoCommand.execute(command);
      case IOMMU_HW_QUEUE_ALLOC -> HwQueueCommand.alloc(command);
      case IOMMU_HWPT_ALLOC -> HwptAllocCommand.execute(command);
      case IOMMU_HWPT_GET_DIRTY_BITMAP -> DirtyCommands.getBitmap(command);
      case IOMMU_HWPT_INVALIDATE -> InvalidateCommand.execute(command);
      case IOMMU_HWPT_SET_DIRTY_TRACKING -> DirtyCommands.setTracking(command);
      case IOMMU_IOAS_ALLOC -> IoasCommands.alloc(command);
      case IOMMU_IOAS_ALLOW_IOVAS -> IoasCommands.allowIovas(command);
      case IOMMU_IOAS_CHANGE_PROCESS -> ChangeProcessCommand.execute(command);
      case IOMMU_IOAS_COPY -> MapCommands.copy(command);
      case IOMMU_IOAS_IOVA_RANGES -> IoasCommands.iovaRanges(command);
      case IOMMU_IOAS_MAP -> MapCommands.map(command);
      case IOMMU_IOAS_MAP_FILE -> MapCommands.mapFile(command);
      case IOMMU_IOAS_NOIOMMU_GET_PA -> PhysicalAddressCommand.execute(command);
      case IOMMU_IOAS_UNMAP -> MapCommands.unmap(command);
      case IOMMU_OPTION -> OptionCommand.execute(command);
      case IOMMU_VDEVICE_ALLOC -> VdeviceCommand.alloc(command);
      case IOMMU_VEVENTQ_ALLOC -> VirtualEventQueueCommand.alloc(command);
      case IOMMU_VFIO_IOAS -> VfioIoasCommand.execute(command);
      case IOMMU_VIOMMU_ALLOC -> ViommuCommand.alloc(command);
      default -> throw Refused.with(Errno.ENOTTY);
    }
  }
}
