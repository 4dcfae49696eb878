// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.selftest;

import io.iommufd4j.bindings.selftest.iommu_test_cmd;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.DmaBuf;
import io.iommufd4j.sim.fs.MappableFile;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.iommufd.command.Command;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import java.lang.foreign.MemorySegment;
import java.util.function.LongFunction;

/** DMA-BUFs: {@code IOMMU_TEST_OP_DMABUF_GET} and {@code DMABUF_REVOKE}. */
final class BufferOperations {

  private static final long MOST_PAGES = 512;

  private final LongFunction<MappableFile> memory;

  /**
   * Operations that make buffers of new memory.
   *
   * @param memory makes so many bytes of it
   */
  BufferOperations(LongFunction<MappableFile> memory) {
    this.memory = memory;
  }

  /**
   * {@code DMABUF_GET}: a buffer under the lowest free descriptor. EINVAL for none or more than 512
   * pages, EMFILE. Linux 7.3.4 answers 0 instead of the descriptor, and so does this.
   */
  void get(Command command) {
    MemorySegment operation = iommu_test_cmd.dmabuf_get(command.block());
    long length = Integer.toUnsignedLong(iommu_test_cmd.dmabuf_get.length(operation));
    long bytes = (length + UserMemory.PAGE_SIZE - 1) & -UserMemory.PAGE_SIZE;
    if (bytes == 0 || bytes > MOST_PAGES * UserMemory.PAGE_SIZE) {
      throw Refused.with(Errno.EINVAL);
    }
    command.context().faults().alloc(); // The buffer.
    command.context().faults().alloc(); // Its memory.
    command.context().faults().alloc(); // The open file.
    int flags = iommu_test_cmd.dmabuf_get.open_flags(operation);
    command.context().files().open(new TestBuffer(memory.apply(bytes), bytes), flags);
  }

  /**
   * {@code DMABUF_REVOKE}: takes a buffer's memory back; with 0, who maps it from now on has it
   * again. EBADF for a closed descriptor, EINVAL for no DMA-BUF, EOPNOTSUPP for another exporter's.
   */
  static void revoke(Command command) {
    MemorySegment operation = iommu_test_cmd.dmabuf_revoke(command.block());
    OpenFile file =
        command.context().files().hold(iommu_test_cmd.dmabuf_revoke.dmabuf_fd(operation));
    try {
      switch (file) {
        case TestBuffer buffer ->
            buffer.revoke(iommu_test_cmd.dmabuf_revoke.revoked(operation) != 0);
        case DmaBuf _ -> throw Refused.with(Errno.EOPNOTSUPP);
        default -> throw Refused.with(Errno.EINVAL);
      }
    } finally {
      command.context().files().drop(file);
    }
  }
}
