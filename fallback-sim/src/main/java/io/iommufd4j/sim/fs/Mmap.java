// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.HugePages;
import io.iommufd4j.sim.mm.ProcessMemory;
import io.iommufd4j.sim.mm.Protection;
import io.iommufd4j.sim.mm.UserMemory;
import java.lang.foreign.MemorySegment;

/** {@code mmap(2)} ({@code mm/mmap.c}): memory without a name, or what a file maps. */
public final class Mmap {

  private static final int MAP_TYPE = 0xf;
  private static final int MAP_SHARED_VALIDATE = 3;

  private final FileTable files;
  private final ProcessMemory memory;
  private final HugePages hugePages;

  /**
   * For the descriptors of one table and one process' memory.
   *
   * @param hugePages what {@code MAP_HUGETLB} takes from
   */
  public Mmap(FileTable files, ProcessMemory memory, HugePages hugePages) {
    this.files = files;
    this.memory = memory;
    this.hugePages = hugePages;
  }

  /**
   * Maps.
   *
   * @param bytes rounded up to whole pages
   * @param fd counts where {@code MAP_ANONYMOUS} is not among the flags
   * @param offset in bytes, a multiple of a page
   * @return the address
   * @throws Refused EINVAL for a misaligned offset, no bytes or neither shared nor private; EBADF,
   *     EACCES where the descriptor is not for that, EOVERFLOW, ENOMEM, and what the file answers
   */
  public long map(long bytes, int protection, int flags, int fd, long offset) {
    if (offset % UserMemory.PAGE_SIZE != 0) {
      throw Refused.with(Errno.EINVAL);
    }
    if ((flags & libc_h.MAP_ANONYMOUS()) != 0) {
      return mapAnonymous(bytes, protection, flags);
    }
    OpenFile file = files.hold(fd);
    try {
      return mapFile(file, fd, bytes, protection, flags, offset);
    } catch (Refused refused) {
      files.drop(file);
      throw refused;
    }
  }

  private long mapAnonymous(long bytes, int protection, int flags) {
    int type = flags & MAP_TYPE;
    long length = wholePages(bytes);
    if (type != libc_h.MAP_PRIVATE() && type != libc_h.MAP_SHARED()) {
      throw Refused.with(Errno.EINVAL);
    }
    if ((flags & libc_h.MAP_HUGETLB()) != 0) {
      return memory.mapHuge(length, Protection.of(protection), hugePages);
    }
    return memory.mapAnonymous(length, Protection.of(protection));
  }

  private long mapFile(OpenFile file, int fd, long bytes, int protection, int flags, long offset) {
    long length = wholePages(bytes);
    if (offset < 0 || offset > Long.MAX_VALUE - length) {
      throw Refused.with(Errno.EOVERFLOW);
    }
    int type = flags & MAP_TYPE;
    boolean shared = type == libc_h.MAP_SHARED() || type == MAP_SHARED_VALIDATE;
    if (!shared && type != libc_h.MAP_PRIVATE()) {
      throw Refused.with(Errno.EINVAL);
    }
    boolean writes = shared && (protection & libc_h.PROT_WRITE()) != 0;
    if (!files.readable(fd) || (writes && !files.writable(fd))) {
      throw Refused.with(Errno.EACCES);
    }
    MemorySegment mapped = file.mmap(length, protection, flags, offset);
    Runnable free =
        () -> {
          file.unmapped(mapped);
          files.drop(file);
        };
    boolean pages = file instanceof MappableFile;
    Protection allowed = Protection.of(protection);
    if (!pages) {
      return memory.mapRegisters(mapped, allowed, file.registers(offset), free);
    }
    return shared
        ? memory.mapShared(mapped, allowed, file, offset, free)
        : memory.map(mapped, allowed, free);
  }

  private static long wholePages(long bytes) {
    if (bytes == 0) {
      throw Refused.with(Errno.EINVAL);
    }
    if (bytes < 0 || bytes > Long.MAX_VALUE - UserMemory.PAGE_SIZE) {
      throw Refused.with(Errno.ENOMEM);
    }
    return (bytes + UserMemory.PAGE_SIZE - 1) & -UserMemory.PAGE_SIZE;
  }
}
