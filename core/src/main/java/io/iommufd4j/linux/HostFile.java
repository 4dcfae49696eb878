// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;

/**
 * Calls on descriptors of this process and of others, each ≥ 0 or −errno. All are made by {@code
 * syscall(2)}: linking each of libc's functions, or loading JNR-POSIX, would add to the start of
 * every supervised program.
 */
public final class HostFile {

  private static final int O_CLOEXEC = 02000000;
  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int STATX_INO_AND_SIZE = 0x300;
  private static final int STATX_BYTES = 256;
  private static final int INODE_AT = 32;
  private static final int SIZE_AT = 40;
  private static final int MAJOR_AT = 136;

  /** A descriptor with it answers {@code EAGAIN} in place of waiting. */
  public static final int O_NONBLOCK = 04000;

  private static final int MFD_CLOEXEC = 1;
  private static final int MFD_ALLOW_SEALING = 2;

  /** {@code AT_FDCWD}, for paths that are absolute. */
  public static final int NO_DIRECTORY = -100;

  private HostFile() {}

  /** Room for one answer of {@link #inode}, of one thread. */
  public static MemorySegment statistics() {
    return Arena.ofAuto().allocate(STATX_BYTES, Long.BYTES);
  }

  /**
   * The inode number behind a path, whose last link is followed.
   *
   * @param directory a descriptor that the path starts from
   * @param path as C has it; the empty one is the descriptor itself
   * @param into from {@link #statistics}; {@link #device} takes it
   * @return the number; or −errno
   */
  public static long inode(int directory, MemorySegment path, MemorySegment into) {
    try {
      long refused =
          LibC.syscall(
              SystemCall.STATX.number(),
              directory,
              path.address(),
              AT_EMPTY_PATH,
              STATX_INO_AND_SIZE,
              into.address(),
              0);
      return refused < 0 ? refused : into.get(ValueLayout.JAVA_LONG, INODE_AT);
    } finally {
      Reference.reachabilityFence(path);
      Reference.reachabilityFence(into);
    }
  }

  /** {@return the size of the file of the last answer, in bytes} */
  public static long bytes(MemorySegment statistics) {
    return statistics.get(ValueLayout.JAVA_LONG, SIZE_AT);
  }

  /** {@return the device that has the inode of the last answer, as one number} */
  public static long device(MemorySegment statistics) {
    return statistics.get(ValueLayout.JAVA_LONG, MAJOR_AT);
  }

  /**
   * {@code open(2)}, closed on exec.
   *
   * @param path absolute
   * @param flags {@code O_*}
   * @return a descriptor; or −errno
   */
  public static int open(String path, int flags) {
    return open(path, flags, 0);
  }

  /**
   * {@code openat(2)} of an absolute path with everything that the call takes.
   *
   * @param flags {@code O_*}
   * @param mode of a file that is made
   * @return a descriptor; or −errno
   */
  public static int open(String path, int flags, int mode) {
    try (var arena = Arena.ofConfined()) {
      long name = arena.allocateFrom(path).address();
      return (int) SystemCall.OPENAT.call(NO_DIRECTORY, name, flags | O_CLOEXEC, mode);
    }
  }

  /** {@code close(2)}. */
  public static int close(int fd) {
    return (int) LibC.syscall(SystemCall.CLOSE.number(), fd, 0, 0, 0, 0, 0);
  }

  /** A file of memory without a size, closed on exec, which may be sealed. */
  public static int memory(String name) {
    try (var arena = Arena.ofConfined()) {
      long address = arena.allocateFrom(name).address();
      return (int) SystemCall.MEMFD_CREATE.call(address, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    }
  }

  /** {@code f_type} of {@code fstatfs(2)}: the kind of file system that has a file; or −errno. */
  public static long fileSystem(int fd) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment statfs = arena.allocate(STATX_BYTES, Long.BYTES);
      long refused = SystemCall.FSTATFS.call(fd, statfs.address());
      return refused < 0 ? refused : statfs.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  /** {@code ftruncate(2)}. */
  public static int truncate(int fd, long bytes) {
    return (int) SystemCall.FTRUNCATE.call(fd, bytes);
  }

  /**
   * A pipe, closed on exec ({@code pipe2(2)}).
   *
   * @param ends gets the reading and the writing descriptor
   * @param flags of both: 0 or {@link #O_NONBLOCK}
   * @return 0, or −errno
   */
  public static int pipe(int[] ends, int flags) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment pair = arena.allocate(ValueLayout.JAVA_INT, 2);
      long refused = SystemCall.PIPE2.call(pair.address(), flags | O_CLOEXEC);
      ends[0] = pair.getAtIndex(ValueLayout.JAVA_INT, 0);
      ends[1] = pair.getAtIndex(ValueLayout.JAVA_INT, 1);
      return (int) refused;
    }
  }

  /** A counter that is read without waiting, closed on exec ({@code eventfd(2)}). */
  public static int counter() {
    return (int) SystemCall.EVENTFD2.call(0, O_NONBLOCK | O_CLOEXEC);
  }

  /**
   * A limit of a process ({@code prlimit(2)}).
   *
   * @param pid 0 for this process
   * @param resource {@code RLIMIT_*}
   * @return the soft limit, {@code Long.MAX_VALUE} for none; or −errno
   */
  public static long limit(int pid, int resource) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment limits = arena.allocate(ValueLayout.JAVA_LONG, 2);
      long refused = SystemCall.PRLIMIT64.call(pid, resource, 0, limits.address());
      long soft = limits.getAtIndex(ValueLayout.JAVA_LONG, 0);
      return refused < 0 ? refused : soft < 0 ? Long.MAX_VALUE : soft;
    }
  }

  /** {@code read(2)} into a native segment. */
  public static long read(int fd, MemorySegment into) {
    return move(SystemCall.READ, fd, into, 0);
  }

  /** {@code write(2)} of a native segment. */
  public static long write(int fd, MemorySegment from) {
    return move(SystemCall.WRITE, fd, from, 0);
  }

  /** {@code pread64(2)} into a native segment. */
  public static long readAt(int fd, MemorySegment into, long offset) {
    return move(SystemCall.PREAD64, fd, into, offset);
  }

  /** {@code pwrite64(2)} of a native segment. */
  public static long writeAt(int fd, MemorySegment from, long offset) {
    return move(SystemCall.PWRITE64, fd, from, offset);
  }

  private static long move(SystemCall call, int fd, MemorySegment memory, long offset) {
    try {
      return LibC.syscall(call.number(), fd, memory.address(), memory.byteSize(), offset, 0, 0);
    } finally {
      Reference.reachabilityFence(memory);
    }
  }

  /** {@code poll(2)} of an array of {@code struct pollfd}. */
  public static int poll(MemorySegment pollfds, long count, int timeoutMillis) {
    return LibC.poll(pollfds, count, timeoutMillis);
  }

  /** {@code mmap(2)} at an address of the kernel's choice; the address, or −errno. */
  public static long map(long bytes, int protection, int flags, int fd, long offset) {
    return SystemCall.MMAP.call(0, bytes, protection, flags, fd, offset);
  }

  /** {@code munmap(2)}. */
  public static int unmap(long address, long bytes) {
    return (int) SystemCall.MUNMAP.call(address, bytes);
  }

  /** {@code pidfd_open(2)}. */
  public static int process(int pid) {
    return LibC.syscall(LibC.PIDFD_OPEN, pid, 0, 0);
  }

  /** {@code pidfd_getfd(2)}. */
  public static int take(int process, int fd) {
    return LibC.syscall(LibC.PIDFD_GETFD, process, fd, 0);
  }
}
