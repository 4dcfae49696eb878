// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.selftest;

import static io.iommufd4j.bindings.libc.libc_h.O_RDWR;
import static io.iommufd4j.bindings.selftest.selftest_h.MOCK_ACCESS_RW_SLOW_PATH;
import static io.iommufd4j.bindings.selftest.selftest_h.MOCK_ACCESS_RW_WRITE;
import static io.iommufd4j.bindings.selftest.selftest_h.MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES;
import static io.iommufd4j.bindings.selftest.selftest_h.MOCK_FLAGS_ACCESS_SYZ;
import static io.iommufd4j.bindings.selftest.selftest_h.MOCK_FLAGS_ACCESS_WRITE;

import io.iommufd4j.bindings.selftest.iommu_test_cmd;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommufd.command.Command;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;

/**
 * Accesses: {@code IOMMU_TEST_OP_CREATE_ACCESS}, {@code ACCESS_REPLACE_IOAS}, {@code ACCESS_PAGES},
 * {@code DESTROY_ACCESS_PAGES} and {@code ACCESS_RW}. But for the first, {@code id} is the access'
 * descriptor; EBADFD when it is none.
 */
final class AccessOperations {

  private static final int PAGE_SIZE = UserMemory.PAGE_SIZE;

  /** The most bytes that one operation may have the kernel allocate. */
  private static final long MOST_BYTES = 16 << 20;

  private AccessOperations() {}

  /** EOPNOTSUPP for unknown flags, then as {@code Access.attach}, EMFILE, EFAULT. */
  static void create(Command command) {
    MemorySegment operation = iommu_test_cmd.create_access(command.block());
    int flags = iommu_test_cmd.create_access.flags(operation);
    if ((flags & ~MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES()) != 0) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    FaultPlan faults = command.context().faults();
    faults.alloc(); // The access.
    faults.alloc(); // The open file.
    AccessFile file = new AccessFile(command, flags != 0);
    try {
      file.access().attach(iommu_test_cmd.id(command.block()));
    } catch (Refused refused) {
      file.release();
      throw refused;
    }
    int fd = command.context().files().open(file, O_RDWR());
    try {
      iommu_test_cmd.create_access.out_access_fd(operation, fd);
      command.respond(iommu_test_cmd.sizeof());
    } catch (Refused refused) {
      command.context().files().close(fd);
      throw refused;
    }
  }

  /** As {@code Access.replace}. */
  static void replaceIoas(Command command) {
    MemorySegment operation = iommu_test_cmd.access_replace_ioas(command.block());
    int ioasId = iommu_test_cmd.access_replace_ioas.ioas_id(operation);
    with(command, file -> file.access().replace(ioasId));
  }

  /**
   * {@code ACCESS_PAGES}: pins a range; its number is written back. ENOMEM for more than 16 MiB,
   * EOPNOTSUPP for unknown flags and an access that does not pin, then as {@code Access.pinPages};
   * EFAULT and EBADE when user memory does not have these pages.
   */
  static void pin(Command command) {
    MemorySegment operation = iommu_test_cmd.access_pages(command.block());
    long length = iommu_test_cmd.access_pages.length(operation);
    int flags = iommu_test_cmd.access_pages.flags(operation);
    requireSmall(length);
    requireKnown(flags, MOCK_FLAGS_ACCESS_WRITE());
    with(
        command,
        file -> {
          if (!file.pinsPages()) {
            throw Refused.with(Errno.EOPNOTSUPP);
          }
          long iova = iova(file, flags, iommu_test_cmd.access_pages.iova(operation));
          command.context().faults().alloc(); // The list of its pages.
          boolean write = (flags & MOCK_FLAGS_ACCESS_WRITE()) != 0;
          long address = iommu_test_cmd.access_pages.uptr(operation);
          file.pin(
              iova,
              length,
              write,
              physical -> {
                if (address != 0) {
                  long start = address - (iova & (PAGE_SIZE - 1));
                  requireSame(command.context().memory(), start, physical);
                }
                command.context().faults().alloc(); // What stands under the number.
              },
              id -> {
                iommu_test_cmd.access_pages.out_access_pages_id(operation, id);
                command.respond(iommu_test_cmd.sizeof());
              });
        });
  }

  private static void requireSame(UserMemory memory, long start, long[] physical) {
    for (int i = 0; i < physical.length; i++) {
      if (!memory.samePage(start + (long) i * PAGE_SIZE, physical[i])) {
        throw Refused.with(Errno.EBADE);
      }
    }
  }

  /** {@code DESTROY_ACCESS_PAGES}: unpins what a number stands for; ENOENT for an unknown one. */
  static void unpin(Command command) {
    MemorySegment operation = iommu_test_cmd.destroy_access_pages(command.block());
    int id = iommu_test_cmd.destroy_access_pages.access_pages_id(operation);
    with(command, file -> file.unpin(id));
  }

  /**
   * {@code ACCESS_RW}: copies between the IOAS and user memory. ENOMEM for more than 16 MiB,
   * EOPNOTSUPP for unknown flags, EFAULT, then as {@code Access.copy}.
   */
  static void copy(Command command) {
    MemorySegment operation = iommu_test_cmd.access_rw(command.block());
    long length = iommu_test_cmd.access_rw.length(operation);
    long address = iommu_test_cmd.access_rw.uptr(operation);
    int flags = iommu_test_cmd.access_rw.flags(operation);
    requireSmall(length);
    requireKnown(flags, MOCK_ACCESS_RW_WRITE() | MOCK_ACCESS_RW_SLOW_PATH());
    with(
        command,
        file -> {
          UserMemory memory = command.context().memory();
          boolean write = (flags & MOCK_ACCESS_RW_WRITE()) != 0;
          command.context().faults().alloc();
          MemorySegment data = MemorySegment.ofArray(new byte[(int) length]);
          if (write) {
            memory.copyIn(address, data);
          }
          long iova = iova(file, flags, iommu_test_cmd.access_rw.iova(operation));
          boolean slow = (flags & MOCK_ACCESS_RW_SLOW_PATH()) != 0;
          file.access().copy(iova, data, write, slow);
          if (!write) {
            memory.copyOut(address, data);
          }
        });
  }

  private static void requireSmall(long length) {
    if (Long.compareUnsigned(length, MOST_BYTES) > 0) {
      throw Refused.with(Errno.ENOMEM);
    }
  }

  private static void requireKnown(int flags, int known) {
    if ((flags & ~(known | MOCK_FLAGS_ACCESS_SYZ())) != 0) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
  }

  /** With {@code MOCK_FLAGS_ACCESS_SYZ} an IOVA is the number of a mapping and an offset in it. */
  private static long iova(AccessFile file, int flags, long given) {
    return (flags & MOCK_FLAGS_ACCESS_SYZ()) == 0
        ? given
        : file.access().iovaInMapping((int) given, (int) (given >>> Integer.SIZE));
  }

  private static void with(Command command, Consumer<AccessFile> work) {
    AccessFile file = AccessFile.hold(command, iommu_test_cmd.id(command.block()));
    try {
      work.accept(file);
    } finally {
      command.context().files().drop(file);
    }
  }
}
