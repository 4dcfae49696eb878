// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.command;

import io.iommufd4j.bindings.iommufd.iommu_option;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommufd.Ioas;
import io.iommufd4j.sim.iommufd.IommufdContext;
import io.iommufd4j.sim.iommufd.ioas.IoPageTable;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;

/** {@code IOMMU_OPTION}. Whether it gets or sets, the value is written back. */
final class OptionCommand {

  private OptionCommand() {}

  /** EOPNOTSUPP for reserved fields, an unknown option or operation; then the option's own. */
  static void execute(Command command) {
    MemorySegment block = command.block();
    if (iommu_option.__reserved(block) != 0) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    int option = iommu_option.option_id(block);
    if (option == iommufd_h.IOMMU_OPTION_RLIMIT_MODE()) {
      limitMode(command);
    } else if (option == iommufd_h.IOMMU_OPTION_HUGE_PAGES()) {
      hugePages(command);
    } else {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    command.respondField(iommu_option.val64$offset(), Long.BYTES);
  }

  /**
   * EOPNOTSUPP for an object; to set it: EPERM without {@code CAP_SYS_RESOURCE}, EBUSY once there
   * are objects, EINVAL for a value that is neither 0 nor 1.
   */
  private static void limitMode(Command command) {
    MemorySegment block = command.block();
    IommufdContext context = command.context();
    if (iommu_option.object_id(block) != 0) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    if (gets(block)) {
      iommu_option.val64(block, context.limitedPerProcess() ? 1 : 0);
      return;
    }
    if (!context.accounting().privileged()) {
      throw Refused.with(Errno.EPERM);
    }
    if (!context.objects().isEmpty()) {
      throw Refused.with(Errno.EBUSY);
    }
    context.limitPerProcess(bool(block));
  }

  /**
   * ENOENT for an unknown IOAS; to set it: EINVAL, EADDRINUSE as {@link IoPageTable#largePages}.
   */
  private static void hugePages(Command command) {
    MemorySegment block = command.block();
    Ioas ioas = command.objects().get(iommu_option.object_id(block), Ioas.class);
    try {
      if (gets(block)) {
        iommu_option.val64(block, ioas.table.smallPagesOnly() ? 0 : 1);
      } else {
        ioas.table.largePages(bool(block));
      }
    } finally {
      command.objects().put(ioas);
    }
  }

  private static boolean gets(MemorySegment block) {
    int operation = Short.toUnsignedInt(iommu_option.op(block));
    if (operation == iommufd_h.IOMMU_OPTION_OP_GET()) {
      return true;
    }
    if (operation == iommufd_h.IOMMU_OPTION_OP_SET()) {
      return false;
    }
    throw Refused.with(Errno.EOPNOTSUPP);
  }

  private static boolean bool(MemorySegment block) {
    long value = iommu_option.val64(block);
    if (value != 0 && value != 1) {
      throw Refused.with(Errno.EINVAL);
    }
    return value == 1;
  }
}
