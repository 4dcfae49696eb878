// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A child of this process, and how it ended ({@code waitid(2)}). */
public final class Child {

  private static final int P_PID = 1;
  private static final int WEXITED = 4;
  private static final int EINTR = -4;
  private static final int ESRCH = -3;

  private static final int CODE_AT = 8;
  private static final int STATUS_AT = 24;
  private static final int SIGNAL_INFO_BYTES = 128;

  private static final int CLD_EXITED = 1;

  private static final int SIGNALLED = 128;

  private static final int SIGINT = 2;
  private static final int SIGQUIT = 3;
  private static final long SIG_IGN = 1;

  /** {@code struct sigaction} of the kernel. */
  private static final int ACTION_BYTES = 32;

  private Child() {}

  /**
   * Waits until a child ends.
   *
   * @param pid its number
   * @return its exit status, or 128 + the signal that ended it, as shells have it; or −errno
   */
  public static int await(int pid) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(SIGNAL_INFO_BYTES, Long.BYTES);
      long result;
      do {
        result = SystemCall.WAITID.call(P_PID, pid, info.address(), WEXITED);
      } while (result == EINTR);
      if (result < 0) {
        return (int) result;
      }
      int status = info.get(ValueLayout.JAVA_INT, STATUS_AT);
      boolean exited = info.get(ValueLayout.JAVA_INT, CODE_AT) == CLD_EXITED;
      return exited ? status : SIGNALLED + status;
    }
  }

  /** {@code SIGINT} and {@code SIGQUIT} do nothing to this process from now on. */
  public static void ignoreInterrupts() {
    try (var arena = Arena.ofConfined()) {
      MemorySegment action = arena.allocate(ACTION_BYTES, Long.BYTES);
      action.set(ValueLayout.JAVA_LONG, 0, SIG_IGN);
      SystemCall.RT_SIGACTION.call(SIGINT, action.address(), 0, Long.BYTES);
      SystemCall.RT_SIGACTION.call(SIGQUIT, action.address(), 0, Long.BYTES);
    }
  }

  /**
   * {@return whether a thread is the first of a process, whose number it has then}
   *
   * @param thread of this user's; one that is gone is the first of none
   */
  public static boolean leads(int thread) {
    return SystemCall.TGKILL.call(thread, thread, 0) != ESRCH;
  }

  /**
   * {@code kill(2)}.
   *
   * @param pid of a process
   * @param signal its number; 0 sends none
   * @return 0, or −errno
   */
  public static int kill(int pid, int signal) {
    return (int) SystemCall.KILL.call(pid, signal);
  }
}
