// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.ProcessMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.ToLongFunction;

/**
 * {@code read(2)}, {@code write(2)} and those with an offset ({@code fs/read_write.c}). A buffer
 * that nobody vouches for is reached by way of one of the kernel's own, at most 1 MiB at a time.
 */
public final class ReadWrite {

  private static final long BOUNCE_BYTES = 1 << 20;

  private final FileTable files;
  private final ProcessMemory memory;

  /** For the descriptors of one table and the buffers of one process. */
  public ReadWrite(FileTable files, ProcessMemory memory) {
    this.files = files;
    this.memory = memory;
  }

  /**
   * {@code read}.
   *
   * @return bytes read
   * @throws Refused EBADF for a descriptor that is closed or not for reading, EFAULT, and what the
   *     file answers
   */
  public long read(int fd, MemorySegment buffer) {
    OpenFile file = files.holdToRead(fd);
    try {
      return file instanceof RecordFile records
          ? readRecords(records, buffer)
          : fill(buffer, file::read);
    } finally {
      files.drop(file);
    }
  }

  /**
   * {@code pread64}.
   *
   * @param offset in bytes
   * @return bytes read
   * @throws Refused as {@link #read}; EINVAL for a negative offset
   */
  public long pread(int fd, MemorySegment buffer, long offset) {
    requireOffset(offset);
    OpenFile file = files.holdToRead(fd);
    try {
      return fill(buffer, piece -> file.pread(piece, offset));
    } finally {
      files.drop(file);
    }
  }

  /**
   * {@code write}.
   *
   * @return bytes written
   * @throws Refused EBADF for a descriptor that is closed or not for writing, EFAULT, and what the
   *     file answers
   */
  public long write(int fd, MemorySegment buffer) {
    OpenFile file = files.holdToWrite(fd);
    try {
      return file instanceof RecordFile records
          ? writeRecords(records, buffer)
          : file.write(drained(buffer));
    } finally {
      files.drop(file);
    }
  }

  /**
   * {@code pwrite64}.
   *
   * @param offset in bytes
   * @return bytes written
   * @throws Refused as {@link #write}; EINVAL for a negative offset
   */
  public long pwrite(int fd, MemorySegment buffer, long offset) {
    requireOffset(offset);
    OpenFile file = files.holdToWrite(fd);
    try {
      return file.pwrite(drained(buffer), offset);
    } finally {
      files.drop(file);
    }
  }

  /**
   * {@code ftruncate}.
   *
   * @param bytes from now on
   * @throws Refused EINVAL for less than none or a descriptor that is not for writing, EBADF, and
   *     what the file answers
   */
  public void truncate(int fd, long bytes) {
    requireOffset(bytes);
    OpenFile file = files.hold(fd);
    try {
      if (!files.writable(fd)) {
        throw Refused.with(Errno.EINVAL);
      }
      file.truncate(bytes);
    } finally {
      files.drop(file);
    }
  }

  private long readRecords(RecordFile records, MemorySegment buffer) {
    MemorySegment before = memory.lend(buffer);
    try {
      return records.read(buffer.address(), buffer.byteSize());
    } finally {
      memory.endLending(before);
    }
  }

  private long writeRecords(RecordFile records, MemorySegment buffer) {
    MemorySegment before = memory.lend(buffer);
    try {
      return records.write(buffer.address(), buffer.byteSize());
    } finally {
      memory.endLending(before);
    }
  }

  private long fill(MemorySegment buffer, ToLongFunction<MemorySegment> read) {
    if (ProcessMemory.vouchedFor(buffer)) {
      return read.applyAsLong(buffer);
    }
    try (var arena = Arena.ofConfined()) {
      MemorySegment own = arena.allocate(Math.min(buffer.byteSize(), BOUNCE_BYTES), Long.BYTES);
      long bytes = read.applyAsLong(own);
      memory.copyOut(buffer.address(), own.asSlice(0, bytes));
      return bytes;
    }
  }

  private MemorySegment drained(MemorySegment buffer) {
    if (ProcessMemory.vouchedFor(buffer)) {
      return buffer;
    }
    var own = Arena.ofAuto().allocate(Math.min(buffer.byteSize(), BOUNCE_BYTES), Long.BYTES);
    memory.copyIn(buffer.address(), own);
    return own;
  }

  private static void requireOffset(long offset) {
    if (offset < 0) {
      throw Refused.with(Errno.EINVAL);
    }
  }
}
