// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.ioas;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.DmaBuf;
import io.iommufd4j.sim.fs.MappableFile;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.fs.OpenFiles;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import java.lang.foreign.MemorySegment;

/** The memory or file that pages come from ({@code enum iopt_address_type}). */
sealed interface PageSource {

  /** The position of the first byte of the first page: a user address, or an offset in a file. */
  long start();

  /**
   * Pins pages.
   *
   * @param first index of the first one
   * @return the physical address of the first; the others follow without a gap
   * @throws Refused EFAULT or EINVAL when a page is not there; none is pinned then
   */
  long pin(long first, long pages);

  /**
   * Undoes a {@link #pin}, all of it or a part.
   *
   * @param physical address of the first page
   */
  void unpin(long physical, long pages);

  /** Nobody needs the pages any more. */
  void release();

  /** Memory of the calling process. */
  record User(UserMemory memory, long start, boolean writable) implements PageSource {

    /**
     * Copies as the process itself would.
     *
     * @param startByte from the first page on
     * @throws Refused EFAULT
     */
    void copy(long startByte, MemorySegment data, boolean write) {
      if (write) {
        memory.copyOut(start + startByte, data);
      } else {
        memory.copyIn(start + startByte, data);
      }
    }

    @Override
    public long pin(long first, long pages) {
      long address = start + first * UserMemory.PAGE_SIZE;
      return memory.pin(address, pages, writable);
    }

    @Override
    public void unpin(long physical, long pages) {
      memory.unpin(physical, pages);
    }

    @Override
    public void release() {}
  }

  /** A device's buffer: it is there for as long as nobody takes it back, and nothing is pinned. */
  record Buffer(OpenFiles files, DmaBuf buffer, long start, long base, DmaBuf.Importer importer)
      implements PageSource {

    @Override
    public long pin(long first, long pages) {
      return base + start + first * UserMemory.PAGE_SIZE;
    }

    @Override
    public void unpin(long physical, long pages) {}

    @Override
    public void release() {
      buffer.detach(importer);
      files.drop(buffer);
    }
  }

  /** A file: what it is made of shows only when it is pinned. */
  record File(OpenFiles files, OpenFile file, long start) implements PageSource {

    @Override
    public long pin(long first, long pages) {
      long offset = start + first * UserMemory.PAGE_SIZE;
      if (offset < 0
          || pages > (Long.MAX_VALUE - offset) / UserMemory.PAGE_SIZE
          || !(file instanceof MappableFile memory)) {
        throw Refused.with(Errno.EINVAL);
      }
      return memory.pin(offset, pages);
    }

    @Override
    public void unpin(long physical, long pages) {
      if (file instanceof MappableFile memory) {
        memory.unpin(physical, pages);
      }
    }

    @Override
    public void release() {
      files.drop(file);
    }
  }
}
