// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.selftest;

import io.iommufd4j.bindings.selftest.iommu_test_cmd;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommufd.command.Command;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Writes that no device did: {@code IOMMU_TEST_OP_DIRTY}. */
final class DirtyOperations {

  /** Bits in the largest bitmap, {@code SZ_16M * BITS_PER_BYTE}. */
  private static final long MOST_PAGES = 16L << 20 << 3;

  private DirtyOperations() {}

  /**
   * {@code DIRTY}: marks the pages whose bits are set; how many bits were, mapped or not, is
   * written back. EINVAL for no bytes, no bitmap, a misaligned range and a HWPT that does not track
   * now; EOVERFLOW for too many pages; ENOENT, EFAULT.
   */
  static void dirty(Command command) {
    MemorySegment operation = iommu_test_cmd.dirty(command.block());
    long iova = iommu_test_cmd.dirty.iova(operation);
    long length = iommu_test_cmd.dirty.length(operation);
    long pageSize = iommu_test_cmd.dirty.page_size(operation);
    long address = iommu_test_cmd.dirty.uptr(operation);
    if (pageSize == 0
        || length == 0
        || address == 0
        || Long.remainderUnsigned(iova, pageSize) != 0
        || Long.remainderUnsigned(length, pageSize) != 0) {
      throw Refused.with(Errno.EINVAL);
    }
    long pages = Long.divideUnsigned(length, pageSize);
    if (Long.compareUnsigned(pages, MOST_PAGES) > 0) {
      throw Refused.with(Errno.EOVERFLOW);
    }
    MockHwpt.with(
        command,
        domain -> {
          if (!domain.tracking()) {
            throw Refused.with(Errno.EINVAL);
          }
          command.context().faults().alloc();
          MemorySegment bitmap = MemorySegment.ofArray(new byte[(int) ((pages + 7) / 8)]);
          command.context().memory().copyIn(address, bitmap);
          int count = 0;
          for (long i = 0; i < pages; i++) {
            if ((bitmap.get(ValueLayout.JAVA_BYTE, i >> 3) >> (i & 7) & 1) != 0) {
              domain.table().markDirty(iova + i * pageSize);
              count++;
            }
          }
          iommu_test_cmd.dirty.out_nr_dirty(operation, count);
          command.respond(iommu_test_cmd.sizeof());
        });
  }
}
