// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.linux;

import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * System calls by number ({@code asm/unistd.h}), and how they are made where libc has no function
 * for them. Arguments are raw: a pointer is the address of a native segment, which the caller keeps
 * alive.
 */
public enum SystemCall {
  READ(0, 63),
  WRITE(1, 64),
  OPEN(2),
  CLOSE(3, 57),
  STAT(4),
  FSTAT(5, 80),
  LSTAT(6),
  LSEEK(8, 62),
  MMAP(9, 222),
  MUNMAP(11, 215),
  MADVISE(28, 233),
  RT_SIGACTION(13, 134),
  IOCTL(16, 29),
  PREAD64(17, 67),
  PWRITE64(18, 68),
  READV(19, 65),
  WRITEV(20, 66),
  ACCESS(21),
  DUP2(33),
  SOCKETPAIR(53, 199),
  SENDTO(44, 206),
  RECVFROM(45, 207),
  EXECVE(59, 221),
  KILL(62, 129),
  WAIT4(61, 260),
  PTRACE(101, 117),
  FCNTL(72, 25),
  FTRUNCATE(77, 46),
  GETDENTS(78),
  GETCWD(79, 17),
  CHDIR(80, 49),
  FCHDIR(81, 50),
  CREAT(85),
  READLINK(89),
  CAPSET(126, 91),
  SETRLIMIT(160, 164),
  TRUNCATE(76, 45),
  RENAME(82),
  MKDIR(83),
  RMDIR(84),
  LINK(86),
  UNLINK(87),
  SYMLINK(88),
  CHMOD(90),
  CHOWN(92),
  LCHOWN(94),
  MKNOD(133),
  MKDIRAT(258, 34),
  MKNODAT(259, 33),
  FCHOWNAT(260, 54),
  UNLINKAT(263, 35),
  RENAMEAT(264, 38),
  LINKAT(265, 37),
  SYMLINKAT(266, 36),
  FCHMODAT(268, 53),
  UTIMENSAT(280, 88),
  RENAMEAT2(316, 276),
  STATFS(137, 43),
  FSTATFS(138, 44),
  PRCTL(157, 167),
  GETXATTR(191, 8),
  LGETXATTR(192, 9),
  LISTXATTR(194, 11),
  LLISTXATTR(195, 12),
  GETDENTS64(217, 61),
  WAITID(247, 95),
  INOTIFY_ADD_WATCH(254, 27),
  INOTIFY_RM_WATCH(255, 28),
  OPENAT(257, 56),
  NEWFSTATAT(262, 79),
  READLINKAT(267, 78),
  FACCESSAT(269, 48),
  DUP3(292, 24),
  PIPE2(293, 59),
  EPOLL_PWAIT(281, 22),
  EPOLL_CTL(233, 21),
  PPOLL(271, 73),
  EVENTFD2(290, 19),
  EPOLL_CREATE1(291, 20),
  TGKILL(234, 131),
  INOTIFY_INIT1(294, 26),
  PREADV(295, 69),
  PWRITEV(296, 70),
  PRLIMIT64(302, 261),
  PROCESS_VM_READV(310, 270),
  PROCESS_VM_WRITEV(311, 271),
  SCHED_SETATTR(314, 274),
  SCHED_GETATTR(315, 275),
  SECCOMP(317, 277),
  MEMFD_CREATE(319, 279),
  EXECVEAT(322, 281),
  STATX(332, 291),
  PREADV2(327, 286),
  PWRITEV2(328, 287),
  IO_URING_SETUP(425, 425),
  PIDFD_OPEN(434, 434),
  CLOSE_RANGE(436, 436),
  OPENAT2(437, 437),
  PIDFD_GETFD(438, 438),
  FACCESSAT2(439, 439);

  /** A call that an architecture does not have. */
  private static final int NONE = -1;

  private static final boolean ARM64 = System.getProperty("os.arch", "").equals("aarch64");

  private static final @Nullable SystemCall[] BY_NUMBER = byNumber();

  private static @Nullable SystemCall[] byNumber() {
    SystemCall[] here = Stream.of(values()).filter(SystemCall::here).toArray(SystemCall[]::new);
    int last = Stream.of(here).mapToInt(SystemCall::number).max().orElseThrow();
    var calls = new @Nullable SystemCall[last + 1];
    for (SystemCall call : here) {
      calls[call.number()] = call;
    }
    return calls;
  }

  private final int x86;
  private final int arm;

  SystemCall(int x86) {
    this(x86, NONE);
  }

  SystemCall(int x86, int arm) {
    this.x86 = x86;
    this.arm = arm;
  }

  /** {@return the number on this architecture; negative when it has no such call} */
  public int number() {
    return ARM64 ? arm : x86;
  }

  /** {@return whether this architecture has it} */
  public boolean here() {
    return number() != NONE;
  }

  /**
   * {@return the call of a number on this architecture; null for one that is not listed here}
   *
   * @param number as {@code struct seccomp_data} has it
   */
  public static @Nullable SystemCall of(int number) {
    return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : null;
  }

  /**
   * Makes the call.
   *
   * @param arguments at most 6; the rest is 0
   * @return ≥ 0, or −errno
   */
  public long call(long... arguments) {
    return LibC.syscall(
        number(),
        at(arguments, 0),
        at(arguments, 1),
        at(arguments, 2),
        at(arguments, 3),
        at(arguments, 4),
        at(arguments, 5));
  }

  /**
   * Links what makes the calls, which takes some 30 ms. Nothing happens on another system than
   * Linux, or where the user does not allow native calls: the first call says so.
   */
  public static void link() {
    if (System.getProperty("os.name", "").equals("Linux")
        && SystemCall.class.getModule().isNativeAccessEnabled()) {
      LibC.syscall(CLOSE.number(), -1, 0, 0);
    }
  }

  private static long at(long[] arguments, int index) {
    return index < arguments.length ? arguments[index] : 0;
  }
}
