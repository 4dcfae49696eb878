// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Tracing of threads by one thread of this process ({@code ptrace(2)}), which alone may call this.
 * Each method is ≥ 0 or −errno.
 */
public final class Ptrace {

  private static final int CONT = 7;
  private static final int DETACH = 17;
  private static final int SYSCALL = 24;
  private static final int SEIZE = 0x4206;
  private static final int LISTEN = 0x4208;
  private static final int GET_SYSCALL_INFO = 0x420e;

  /**
   * System calls marked; children, threads and what is executed; exits; seccomp; an end with the
   * tracer.
   */
  private static final long OPTIONS = 0x01 | 0x02 | 0x04 | 0x08 | 0x10 | 0x40 | 0x80 | 0x10_0000;

  /** {@code __WALL | __WNOTHREAD}: threads, too, and this thread's alone. */
  private static final int WAIT = 0x4000_0000 | 0x2000_0000;

  /** {@code WUNTRACED}. */
  private static final int STOPPED = 2;

  private static final int INFO_BYTES = 96;
  private static final int NUMBER_AT = 24;
  private static final int ARGUMENTS_AT = 32;
  private static final int RESULT_AT = 24;

  private final MemorySegment status = Arena.ofAuto().allocate(ValueLayout.JAVA_INT);
  private final MemorySegment info = Arena.ofAuto().allocate(INFO_BYTES, Long.BYTES);

  /** A thread that traces nothing yet. */
  public Ptrace() {}

  /** Waits until a child of this process has stopped itself; the child's number. */
  public int awaitStop(int pid) {
    return (int) SystemCall.WAIT4.call(pid, status.address(), STOPPED, 0);
  }

  /** Waits until something happens to a traced thread, which {@link #status} tells. */
  public int await() {
    return (int) SystemCall.WAIT4.call(-1, status.address(), WAIT, 0);
  }

  /** {@return the status of the last wait, as {@code wait(2)} has it} */
  public int status() {
    return status.get(ValueLayout.JAVA_INT, 0);
  }

  /** Traces a process from now on, and all that it starts. */
  public long seize(int pid) {
    return SystemCall.PTRACE.call(SEIZE, pid, 0, OPTIONS);
  }

  /** Lets a thread run on, with a signal or 0. */
  public long resume(int thread, int signal) {
    return SystemCall.PTRACE.call(CONT, thread, 0, signal);
  }

  /** Lets a thread run on to the end of its system call. */
  public long resumeToReturn(int thread) {
    return SystemCall.PTRACE.call(SYSCALL, thread, 0, 0);
  }

  /** Lets a thread run on untraced. */
  public long letGo(int thread) {
    return SystemCall.PTRACE.call(DETACH, thread, 0, 0);
  }

  /** Leaves a thread stopped as job control has it. */
  public long leaveStopped(int thread) {
    return SystemCall.PTRACE.call(LISTEN, thread, 0, 0);
  }

  /** Reads what system call a stopped thread is in. */
  public long look(int thread) {
    info.fill((byte) 0);
    return SystemCall.PTRACE.call(GET_SYSCALL_INFO, thread, INFO_BYTES, info.address());
  }

  /** {@return the number of the call that the last {@link #look} saw beginning} */
  public int number() {
    return (int) info.get(ValueLayout.JAVA_LONG, NUMBER_AT);
  }

  /** {@return an argument of it, from 0} */
  public long argument(int index) {
    return info.get(ValueLayout.JAVA_LONG, ARGUMENTS_AT + (long) index * Long.BYTES);
  }

  /** {@return the result of the call that the last {@link #look} saw ending: ≥ 0, or −errno} */
  public long result() {
    return info.get(ValueLayout.JAVA_LONG, RESULT_AT);
  }
}
