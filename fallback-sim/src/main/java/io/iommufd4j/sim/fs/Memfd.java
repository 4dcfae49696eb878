// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.BackingFile;
import io.iommufd4j.sim.mm.EndingFile;
import io.iommufd4j.sim.mm.ProcessMemory;
import io.iommufd4j.sim.mm.Protection;
import io.iommufd4j.sim.mm.UserMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.util.IdentityHashMap;

/**
 * Anonymous memory as a file ({@code memfd_create(2)}). What is mapped past its end reads as 0
 * where Linux sends SIGBUS, and cannot be pinned; {@code MFD_HUGETLB} is taken and changes nothing.
 */
public final class Memfd implements MappableFile, EndingFile {

  private static final int MFD_ALLOW_SEALING = 2;
  private static final int MFD_NOEXEC_SEAL = 8;
  private static final int MFD_EXEC = 0x10;

  /** {@code NAME_MAX} less the prefix that Linux puts before the name. */
  private static final int LONGEST_NAME = 249;

  private final ProcessMemory memory;
  private final String name;
  private final BackingFile pages = new BackingFile();
  private final IdentityHashMap<MemorySegment, Arena> mappings = new IdentityHashMap<>();
  private volatile long size;
  private long pinned;
  private long position;

  /**
   * An empty file.
   *
   * @param memory in which its pages are pinned
   * @param flags {@code MFD_*}
   * @throws Refused EINVAL for an unknown flag or a name that is too long
   */
  public Memfd(ProcessMemory memory, String name, int flags) {
    this.memory = memory;
    this.name = name;
    int known =
        libc_h.MFD_CLOEXEC()
            | libc_h.MFD_HUGETLB()
            | MFD_ALLOW_SEALING
            | MFD_NOEXEC_SEAL
            | MFD_EXEC;
    boolean both = (flags & MFD_EXEC) != 0 && (flags & MFD_NOEXEC_SEAL) != 0;
    if ((flags & ~known) != 0
        || both
        || name.getBytes(StandardCharsets.UTF_8).length > LONGEST_NAME) {
      pages.close();
      throw Refused.with(Errno.EINVAL);
    }
  }

  @Override
  public String shownAs() {
    return "/memfd:" + name + " (deleted)";
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public synchronized long read(MemorySegment buffer) {
    long count = pread(buffer, position);
    position += count;
    return count;
  }

  @Override
  public synchronized long write(MemorySegment buffer) {
    long count = pwrite(buffer, position);
    position += count;
    return count;
  }

  @Override
  public synchronized long pread(MemorySegment buffer, long offset) {
    long count = Math.clamp(size - offset, 0, buffer.byteSize());
    if (count > 0) {
      pages.read(offset, buffer.asSlice(0, count));
    }
    return count;
  }

  @Override
  public synchronized long pwrite(MemorySegment buffer, long offset) {
    long count = Math.min(buffer.byteSize(), Long.MAX_VALUE - offset);
    if (count == 0 && buffer.byteSize() > 0) {
      throw Refused.with(Errno.EFBIG);
    }
    if (count > 0) {
      pages.write(offset, buffer.asSlice(0, count));
      size = Math.max(size, offset + count);
    }
    return count;
  }

  @Override
  public synchronized void truncate(long bytes) {
    if (bytes < size) {
      pages.cut(bytes, !mappings.isEmpty() || pinned > 0);
    }
    size = bytes;
  }

  @Override
  public synchronized MemorySegment mmap(long bytes, int protection, int flags, long offset) {
    boolean writable = (protection & libc_h.PROT_WRITE()) != 0;
    boolean shared = (flags & libc_h.MAP_SHARED()) != 0;
    var mode = writable ? (shared ? MapMode.READ_WRITE : MapMode.PRIVATE) : MapMode.READ_ONLY;
    var arena = Arena.ofShared();
    MemorySegment mapping = map(mode, offset, bytes, arena);
    mappings.put(mapping, arena);
    return mapping;
  }

  private MemorySegment map(MapMode mode, long offset, long bytes, Arena arena) {
    try {
      return pages.map(mode, offset, bytes, arena);
    } catch (Refused refused) {
      arena.close();
      throw refused;
    }
  }

  @Override
  public synchronized void unmapped(MemorySegment mapping) {
    Arena arena = mappings.remove(mapping);
    if (arena != null) {
      arena.close();
    }
  }

  @Override
  public synchronized long pin(long offset, long count) {
    if (offset < 0 || count <= 0 || count > (size - offset) / UserMemory.PAGE_SIZE) {
      throw Refused.with(Errno.EINVAL);
    }
    long bytes = count * UserMemory.PAGE_SIZE;
    var arena = Arena.ofShared();
    var mapping = map(MapMode.READ_WRITE, offset, bytes, arena);
    // Pinned and at once unmapped: a device reaches it, the process does not.
    long physical =
        memory.mapShared(mapping, new Protection(true, true), this, offset, arena::close);
    memory.pin(physical, count, true);
    memory.unmap(physical, bytes);
    pinned += count;
    return physical;
  }

  @Override
  public synchronized void unpin(long physical, long count) {
    memory.unpin(physical, count);
    pinned -= count;
  }

  @Override
  public void release() {
    pages.close();
  }
}
