// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.kernel;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * One kernel, real or simulated, with the system calls that iommufd and VFIO need.
 *
 * <p>Every call returns a value ≥ 0, or a negated errno (see {@link Errno}); none of them throws
 * for what a kernel refuses. A request is the kernel's own: an integer and a block of bytes laid
 * out as the UAPI says. Memory inside such a block is given by address; a bad address answers
 * {@code -EFAULT}. Buffers are native segments.
 *
 * <p>Calls may be made from any thread at any time; each reports its own errno.
 */
public interface Kernel extends AutoCloseable {

  /**
   * {@return the kernel that answers: it is named in every result, so that no reader takes a
   * simulated answer for a real one}
   */
  KernelIdentity identity();

  /**
   * {@return the root of sysfs as this kernel shows it} Read through the path; write through {@link
   * #sysfsWriter} where the kernel may wait, else through {@link #open}.
   */
  Path sysfs();

  /**
   * A new writer of sysfs attributes.
   *
   * @return a started writer, the caller's to close
   * @throws java.io.UncheckedIOException when it cannot be started; the message says what it lacks
   */
  default SysfsWriter sysfsWriter() {
    return new ThreadedSysfsWriter(this);
  }

  /**
   * {@code open(2)}.
   *
   * @param path absolute path, as {@code /dev/iommu}, {@code /dev/vfio/devices/vfio0} or a file of
   *     sysfs
   * @param flags {@code O_*}; {@code O_CLOEXEC} is the caller's to ask for
   * @return a descriptor, or −errno
   */
  int open(String path, int flags);

  /**
   * {@code close(2)}.
   *
   * @param fd no longer valid afterwards, whatever the answer
   * @return 0, or −errno
   */
  int close(int fd);

  /**
   * Duplicates a descriptor, closed on exec ({@code F_DUPFD_CLOEXEC}).
   *
   * @param fd an open descriptor
   * @return a second descriptor of the same open file, or −errno
   */
  int dup(int fd);

  /**
   * {@code ioctl(2)}.
   *
   * @param fd a descriptor of a file that answers the request
   * @param request the request number, as {@code IOMMU_IOAS_MAP}
   * @param argument the block the request reads and writes; an integer argument is {@code
   *     MemorySegment.ofAddress(value)}
   * @return ≥ 0, or −errno
   */
  int ioctl(int fd, int request, MemorySegment argument);

  /**
   * {@code read(2)} of up to the buffer's size.
   *
   * @param fd an open descriptor
   * @param buffer a native segment to fill
   * @return bytes read, 0 at the end of the file; or −errno
   */
  long read(int fd, MemorySegment buffer);

  /**
   * {@code write(2)} of the whole buffer.
   *
   * @param fd an open descriptor
   * @param buffer a native segment to write
   * @return bytes written, or −errno
   */
  long write(int fd, MemorySegment buffer);

  /**
   * {@code pread(2)} of up to the buffer's size.
   *
   * @param fd an open descriptor
   * @param buffer a native segment to fill
   * @param offset bytes from the start of the file
   * @return bytes read, 0 at the end of the file; or −errno
   */
  long pread(int fd, MemorySegment buffer, long offset);

  /**
   * {@code pwrite(2)} of the whole buffer.
   *
   * @param fd an open descriptor
   * @param buffer a native segment to write
   * @param offset bytes from the start of the file
   * @return bytes written, or −errno
   */
  long pwrite(int fd, MemorySegment buffer, long offset);

  /**
   * {@code poll(2)}.
   *
   * @param pollfds an array of {@code struct pollfd}; its byte size tells how many
   * @param timeoutMillis milliseconds; negative waits without end
   * @return the number of descriptors that are ready, 0 when the time ran out, or −errno
   */
  int poll(MemorySegment pollfds, int timeoutMillis);

  /**
   * {@code eventfd(2)}.
   *
   * @param initial the counter's first value, unsigned
   * @param flags {@code EFD_*}
   * @return a descriptor, or −errno
   */
  int eventfd(int initial, int flags);

  /**
   * {@code memfd_create(2)}: anonymous memory that {@code IOMMU_IOAS_MAP_FILE} takes.
   *
   * @param name at most 249 bytes, shown in {@code /proc/self/fd}
   * @param flags {@code MFD_*}
   * @return a descriptor, or −errno
   */
  int memfd(String name, int flags);

  /**
   * {@code ftruncate(2)}.
   *
   * @param fd a descriptor open for writing
   * @param bytes the new size
   * @return 0, or −errno
   */
  int ftruncate(int fd, long bytes);

  /**
   * {@code mmap(2)} at an address of the kernel's choice.
   *
   * @param bytes length in bytes
   * @param protection {@code PROT_*}
   * @param flags {@code MAP_*}
   * @param fd the file to map; −1 with {@code MAP_ANONYMOUS}
   * @param offset offset in bytes, a multiple of the page size
   * @return the address; −errno, from −4095 to −1, when refused
   */
  long mmap(long bytes, int protection, int flags, int fd, long offset);

  /**
   * {@code munmap(2)}.
   *
   * @param address a multiple of the page size
   * @param bytes more than 0
   * @return 0, or −errno
   */
  int munmap(long address, long bytes);

  /**
   * {@code pidfd_open(2)}: a descriptor for a process. {@link #poll} reports it readable once the
   * process has ended.
   *
   * @param pid of a process, not of another thread of one
   * @return a descriptor, closed on exec; or −errno: {@code ESRCH} without such a process
   */
  default int pidfd(long pid) {
    return Errno.ENOSYS.negated();
  }

  /**
   * {@code pidfd_getfd(2)}: a descriptor in this process of a file that another one has open. Takes
   * the right to trace that process ({@code PTRACE_MODE_ATTACH_REALCREDS}).
   *
   * @param pidfd as {@link #pidfd} gave it
   * @param fd a descriptor of that process
   * @return a descriptor, closed on exec; or −errno: {@code EPERM} without the right, {@code ESRCH}
   *     once the process has ended, {@code EBADF} when it has no such descriptor
   */
  default int pidfdGetfd(int pidfd, int fd) {
    return Errno.ENOSYS.negated();
  }

  /**
   * {@code socketpair(2)}: two stream sockets of this machine, connected to each other ({@code
   * AF_UNIX}).
   *
   * @param pair gets the two descriptors, which are not closed on exec
   * @return 0, or −errno
   */
  default int socketPair(int[] pair) {
    return Errno.ENOSYS.negated();
  }

  /**
   * {@code socket(2)} and {@code connect(2)}: a stream socket connected to a server of this machine
   * ({@code AF_UNIX}).
   *
   * @param path of the server's socket, at most 107 bytes
   * @return a descriptor, closed on exec; or −errno
   */
  default int connect(String path) {
    return Errno.ENOSYS.negated();
  }

  /**
   * {@code sendmsg(2)} of one byte with descriptors ({@code SCM_RIGHTS}). They stay open here.
   *
   * @param socket a connected {@code AF_UNIX} socket
   * @param fds 1 to 253 descriptors
   * @return 0, or −errno
   */
  default int sendDescriptors(int socket, int[] fds) {
    return Errno.ENOSYS.negated();
  }

  /**
   * {@code recvmsg(2)} of one byte with descriptors ({@code SCM_RIGHTS}); waits for it.
   *
   * @param socket a connected {@code AF_UNIX} socket
   * @param fds gets the descriptors, closed on exec; what does not fit is closed by the kernel
   * @return the number of descriptors, 0 when none came or the other side is closed; or −errno
   */
  default int receiveDescriptors(int socket, int[] fds) {
    return Errno.ENOSYS.negated();
  }

  /** {@return facts about the calling process: page size, memlock limit, user} */
  ProcessFacts process();

  /**
   * Ends a kernel that lives in this process: a simulated one closes every descriptor and stops its
   * threads. The native kernel has nothing to end.
   */
  @Override
  void close();
}
