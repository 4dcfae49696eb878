// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;

/**
 * Memory that somebody else exports as a file, and may take back at any moment ({@code struct
 * dma_buf}).
 */
public interface DmaBuf extends OpenFile {

  /** A user that has the memory mapped ({@code struct dma_buf_attach_ops}). */
  @FunctionalInterface
  interface Importer {
    /**
     * {@code invalidate_mappings}: the memory is taken back, and must not be reached any more when
     * this returns.
     */
    void invalidate();
  }

  /** Bytes, a multiple of the page size. */
  long size();

  /**
   * {@code dma_buf_dynamic_attach} and the exporter's iommufd mapping: tells the importer from now
   * on when the memory is taken back.
   *
   * @return the physical address of the first byte; the others follow it without a gap
   * @throws Refused ENODEV when it was taken back already; the importer is not told of anything
   *     then
   */
  long attach(Importer importer);

  /** {@code dma_buf_detach}. */
  void detach(Importer importer);

  /**
   * {@code dma_buf_mmap_internal}: no exporter here can be mapped into a program.
   *
   * @throws Refused EINVAL
   */
  @Override
  default MemorySegment mmap(long bytes, int protection, int flags, long offset) {
    throw Refused.with(Errno.EINVAL);
  }
}
