// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.ioas;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.DmaBuf;
import io.iommufd4j.sim.fs.MappableFile;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.fs.OpenFiles;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;

/**
 * Pages of a file ({@code IOPT_ADDRESS_FILE}): what it is made of shows only when they are pinned.
 */
final class FilePages extends Pages {

  private final OpenFiles files;
  private final OpenFile file;
  private final long start;

  private FilePages(
      PagesOwner owner, OpenFiles files, OpenFile file, long start, boolean writable) {
    super(owner, writable);
    this.files = files;
    this.file = file;
    this.start = start;
  }

  /**
   * {@code iopt_map_file_pages}, up to where pages are known.
   *
   * @param start offset in bytes, not necessarily of a page
   * @throws Refused EINVAL when the range is empty or nearly everything, EOVERFLOW when it wraps,
   *     EBADF for a closed descriptor, ENOMEM; of a device's buffer as {@link BufferPages#of}
   */
  static Pages of(
      PagesOwner owner, OpenFiles files, int fd, long start, long length, boolean writable) {
    if (length == 0) {
      throw Refused.with(Errno.EINVAL);
    }
    Iova.last(start, length);
    OpenFile file = files.hold(fd);
    try {
      if (file instanceof DmaBuf buffer) {
        return BufferPages.of(owner, files, buffer, start, length, writable);
      }
      requireLength(length);
      owner.faults().alloc();
      return new FilePages(owner, files, file, start & -UserMemory.PAGE_SIZE, writable);
    } catch (Refused refused) {
      files.drop(file);
      throw refused;
    }
  }

  @Override
  long start() {
    return start;
  }

  @Override
  long pin(long first, long count) {
    long offset = start + first * UserMemory.PAGE_SIZE;
    if (offset < 0
        || count > (Long.MAX_VALUE - offset) / UserMemory.PAGE_SIZE
        || !(file instanceof MappableFile memory)) {
      throw Refused.with(Errno.EINVAL);
    }
    return memory.pin(offset, count);
  }

  @Override
  void unpin(long physical, long count) {
    if (file instanceof MappableFile memory) {
      memory.unpin(physical, count);
    }
  }

  @Override
  void release() {
    files.drop(file);
  }
}
