// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.process;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.bindings.libc.pollfd;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.wire.KernelFile;
import java.lang.foreign.Arena;
import java.time.Duration;

/**
 * Another process, held by a pidfd: its number cannot come to mean another process meanwhile. Its
 * descriptors can be had here while it runs.
 */
public final class ForeignProcess implements AutoCloseable {

  private final KernelFile file;
  private final long pid;

  private ForeignProcess(KernelFile file, long pid) {
    this.file = file;
    this.pid = pid;
  }

  /**
   * Finds a process ({@code pidfd_open(2)}).
   *
   * @param kernel of the machine that it runs on
   * @param pid its number
   * @return the process, the caller's to close, which does nothing to it
   * @throws KernelException {@code ESRCH} without such a process
   */
  public static ForeignProcess open(Kernel kernel, long pid) {
    int fd = kernel.pidfd(pid);
    if (fd < 0) {
      ErrnoCode errno = ErrnoCode.of(fd);
      String hint = errno == Errno.ESRCH ? "there is no process " + pid : "";
      throw KernelException.onPath("pidfd_open", "of " + pid, errno, hint);
    }
    return new ForeignProcess(new KernelFile(kernel, fd), pid);
  }

  /** {@return its number} */
  public long pid() {
    return pid;
  }

  /**
   * A descriptor here of a file that the process has open ({@code pidfd_getfd(2)}). The file stays
   * open as long as either process has it: what ends with its close, as the bind of a device, does
   * not end when the other process does.
   *
   * @param fd a descriptor of that process
   * @return the caller's to close
   * @throws KernelException {@code EPERM} without the right to trace the process; {@code ESRCH}
   *     once it has ended; {@code EBADF} when it has no such descriptor
   */
  public int descriptor(int fd) {
    int taken = file.kernel().pidfdGetfd(file.fd(), fd);
    if (taken < 0) {
      ErrnoCode errno = ErrnoCode.of(taken);
      throw KernelException.onPath(
          "pidfd_getfd", "of descriptor " + fd + " of process " + pid, errno, hint(errno));
    }
    return taken;
  }

  private String hint(ErrnoCode errno) {
    return switch (errno) {
      case Errno.EPERM -> rightToTrace(pid);
      case Errno.ESRCH -> "process " + pid + " has ended";
      case Errno.EBADF -> "it has no such descriptor any more";
      case Errno.ENOSYS -> "this kernel has no pidfd_getfd, which Linux has since 5.6";
      default -> "";
    };
  }

  /** Says what it takes to have a process' files. */
  static String rightToTrace(long pid) {
    return "it takes the right to trace process "
        + pid
        + " (root, or CAP_SYS_PTRACE in its user namespace; or its own user, where"
        + " kernel.yama.ptrace_scope is 0)";
  }

  /**
   * {@return true once the process has ended}
   *
   * @param limit how long to wait for that; zero looks once
   */
  public boolean ended(Duration limit) {
    try (Arena arena = Arena.ofConfined()) {
      var poll = pollfd.allocate(arena);
      pollfd.fd(poll, file.fd());
      pollfd.events(poll, (short) libc_h.POLLIN());
      return file.kernel().poll(poll, (int) Math.min(limit.toMillis(), Integer.MAX_VALUE)) > 0;
    }
  }

  @Override
  public void close() {
    file.close();
  }
}
