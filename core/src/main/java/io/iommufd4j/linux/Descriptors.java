// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.linux;

import io.iommufd4j.bindings.libc.libc_h;
import java.util.Objects;
import jnr.constants.platform.RLIMIT;
import jnr.constants.platform.Sysconf;
import jnr.posix.POSIX;
import jnr.posix.POSIXFactory;

/**
 * Descriptors and limits by JNR-POSIX: each call returns what it returned, or −errno.
 *
 * <p>Loading JNR takes a good part of a second on a slow machine, so it waits until a native kernel
 * is really asked for something.
 */
final class Descriptors {

  private static final POSIX LIBRARY = Objects.requireNonNull(POSIXFactory.getNativePOSIX());

  /** The limit that {@code getrlimit} gives for a resource without one: {@code RLIM_INFINITY}. */
  private static final long UNLIMITED = -1;

  private Descriptors() {}

  static int open(String path, int flags) {
    return orErrno(LIBRARY.open(path, flags, 0));
  }

  static int close(int fd) {
    return orErrno(LIBRARY.close(fd));
  }

  static int dup(int fd) {
    return orErrno(LIBRARY.libc().fcntl(fd, libc_h.F_DUPFD_CLOEXEC(), 0));
  }

  static long pageSize() {
    return LIBRARY.sysconf(Sysconf._SC_PAGESIZE);
  }

  static int effectiveUser() {
    return LIBRARY.geteuid();
  }

  /** Soft {@code RLIMIT_MEMLOCK} in bytes, {@code Long.MAX_VALUE} when there is none. */
  static long memlockLimit() {
    long limit = LIBRARY.getrlimit(RLIMIT.RLIMIT_MEMLOCK.intValue()).rlimCur();
    return limit == UNLIMITED ? Long.MAX_VALUE : limit;
  }

  /** errno is the calling thread's own: JNR saves it per thread as the call returns. */
  private static int orErrno(int result) {
    return result < 0 ? -LIBRARY.errno() : result;
  }
}
