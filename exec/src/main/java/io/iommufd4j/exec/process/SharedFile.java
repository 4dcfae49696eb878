// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.process;

import io.iommufd4j.linux.HostFile;
import io.iommufd4j.linux.RemoteMemory;
import io.iommufd4j.sim.mm.OutsideMemory.SharedPages;
import io.iommufd4j.sim.mm.UserMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Pages of a host's file that programs share. While somebody holds them they are mapped here, too,
 * and so stay when all others have let go.
 */
final class SharedFile implements SharedPages {

  private static final long HUGETLBFS = 0x958458f6L;

  private static final int READ = 1;
  private static final int WRITE = 2;
  private static final int MAP_SHARED = 1;

  private final int fd;
  private final int self;
  private final ThreadBuffers buffers;
  private final boolean huge;
  private final Runnable forget;
  private final Object files;
  private int holders;
  private boolean closed;
  private long address;
  private long mapped;

  /**
   * Pages of the file of a descriptor.
   *
   * @param fd is this object's from now on
   * @param self the number of this process
   * @param forget nobody is led to it any more; called once
   * @param files guards who holds it
   */
  SharedFile(int fd, int self, ThreadBuffers buffers, Runnable forget, Object files) {
    this.forget = forget;
    this.files = files;
    this.fd = fd;
    this.self = self;
    this.buffers = buffers;
    this.huge = HostFile.fileSystem(fd) == HUGETLBFS;
  }

  @Override
  public synchronized long bytes() {
    if (closed) {
      return 0;
    }
    ThreadBuffers.Set own = buffers.get();
    own.name.set(ValueLayout.JAVA_BYTE, 0, (byte) 0);
    long inode = HostFile.inode(fd, own.name, own.statistics);
    long bytes = inode < 0 ? 0 : HostFile.bytes(own.statistics);
    return (bytes + UserMemory.PAGE_SIZE - 1) & -UserMemory.PAGE_SIZE;
  }

  @Override
  public boolean huge() {
    return huge;
  }

  @Override
  public void hold() {
    synchronized (files) {
      holders++;
    }
  }

  @Override
  public void drop() {
    synchronized (files) {
      if (--holders > 0) {
        return;
      }
      forget.run();
    }
    close();
  }

  private synchronized void close() {
    unmap();
    closed = true;
    HostFile.close(fd);
  }

  @Override
  public boolean read(long offset, MemorySegment into) {
    return move(offset, into, false);
  }

  @Override
  public boolean write(long offset, MemorySegment from) {
    return move(offset, from, true);
  }

  /** By the calls for another process' memory, which answer where a plain access would be fatal. */
  private synchronized boolean move(long offset, MemorySegment segment, boolean write) {
    long end = offset + segment.byteSize();
    if (end > mapped) {
      map(end);
    }
    return end <= mapped
        && Moves.move(
            buffers.get(),
            segment,
            (at, piece, bytes) -> {
              MemorySegment vectors = buffers.get().vectors;
              return write
                  ? RemoteMemory.write(vectors, self, address + offset + at, piece, bytes)
                  : RemoteMemory.read(vectors, self, address + offset + at, piece, bytes);
            },
            write);
  }

  private void map(long end) {
    long bytes = Math.max(bytes(), (end + UserMemory.PAGE_SIZE - 1) & -UserMemory.PAGE_SIZE);
    unmap();
    long at = HostFile.map(bytes, READ | WRITE, MAP_SHARED, fd, 0);
    if (at < 0 && at >= -4095) {
      at = HostFile.map(bytes, READ, MAP_SHARED, fd, 0);
    }
    if (at > 0) {
      address = at;
      mapped = bytes;
    }
  }

  private void unmap() {
    if (mapped > 0) {
      HostFile.unmap(address, mapped);
      mapped = 0;
    }
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }
}
