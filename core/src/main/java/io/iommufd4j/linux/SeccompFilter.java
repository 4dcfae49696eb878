// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * A seccomp filter ({@code linux/seccomp.h}) of classic BPF: which system calls of a thread, and of
 * all that it starts from then on, are answered by a listener. Calls of another architecture go to
 * the listener, too. What is not named passes as if there were no filter.
 *
 * <p>Each rule is a block that is left by a jump when the call's number is another one; so blocks
 * are short, and the order is that of adding.
 */
public final class SeccompFilter {

  private static final int LOAD = 0x20;
  private static final int AND = 0x54;
  private static final int EQUAL = 0x15;
  private static final int AT_LEAST = 0x35;
  private static final int RETURN = 0x06;

  private static final int ALLOW = 0x7fff_0000;
  private static final int NOTIFY = 0x7fc0_0000;
  private static final int REFUSE = 0x0005_0000;
  private static final int TRACE = 0x7ff0_0000;

  private static final int NUMBER_AT = 0;
  private static final int ARCHITECTURE_AT = 4;
  private static final int ARGUMENTS_AT = 16;

  private static final int X86_64 = 0xc000_003e;
  private static final int AARCH64 = 0xc000_00b7;

  /** {@code __X32_SYSCALL_BIT}. */
  private static final int X32 = 0x4000_0000;

  private static final int PR_SET_NO_NEW_PRIVS = 38;
  private static final int SET_MODE_FILTER = 1;
  private static final int NEW_LISTENER = 1 << 3;
  private static final int WAIT_KILLABLE = 1 << 5;

  private static final int INSTRUCTION_BYTES = 8;
  private static final int EINVAL = -22;

  private record Instruction(int code, int ifTrue, int ifFalse, int value) {}

  private final List<Instruction> program = new ArrayList<>();

  /** A filter that lets every call of this architecture pass. */
  public SeccompFilter() {
    boolean arm = System.getProperty("os.arch", "").equals("aarch64");
    add(LOAD, 0, 0, ARCHITECTURE_AT);
    add(EQUAL, 1, 0, arm ? AARCH64 : X86_64);
    add(RETURN, 0, 0, NOTIFY);
    add(LOAD, 0, 0, NUMBER_AT);
    if (!arm) {
      add(AT_LEAST, 0, 1, X32);
      add(RETURN, 0, 0, NOTIFY);
    }
  }

  private void add(int code, int ifTrue, int ifFalse, int value) {
    program.add(new Instruction(code, ifTrue, ifFalse, value));
  }

  /** Begins the block of a call; false on an architecture that has no such call. */
  private boolean when(SystemCall call, int blockLength) {
    if (call.here()) {
      add(EQUAL, 0, blockLength, call.number());
    }
    return call.here();
  }

  /**
   * Calls go to the listener.
   *
   * @param calls whatever their arguments are
   * @return this
   */
  public SeccompFilter notified(SystemCall... calls) {
    for (SystemCall call : calls) {
      if (when(call, 1)) {
        add(RETURN, 0, 0, NOTIFY);
      }
    }
    return this;
  }

  /**
   * A call answers an errno, and nobody is told.
   *
   * @param call whatever its arguments are
   * @param errno positive
   * @return this
   */
  public SeccompFilter refused(SystemCall call, int errno) {
    if (when(call, 1)) {
      add(RETURN, 0, 0, REFUSE | errno);
    }
    return this;
  }

  /**
   * Calls with a descriptor of a number or above go to the listener.
   *
   * @param argument the place of the descriptor among the arguments, from 0
   * @param first the number; −1 as descriptor never counts
   * @param calls the others pass
   * @return this
   */
  public SeccompFilter notifiedFrom(int argument, int first, SystemCall... calls) {
    for (SystemCall call : calls) {
      if (when(call, 5)) {
        add(LOAD, 0, 0, argument(argument));
        add(AT_LEAST, 2, 0, Integer.MIN_VALUE);
        add(AT_LEAST, 0, 1, first);
        add(RETURN, 0, 0, NOTIFY);
        add(RETURN, 0, 0, ALLOW);
      }
    }
    return this;
  }

  /**
   * A call with a last descriptor, which may be any large number, goes to the listener when that is
   * a number or above.
   *
   * @param argument the place of the last descriptor among the arguments, from 0
   * @param first the number
   * @param call the others pass
   * @return this
   */
  public SeccompFilter notifiedUpTo(int argument, int first, SystemCall call) {
    if (when(call, 4)) {
      add(LOAD, 0, 0, argument(argument));
      add(AT_LEAST, 0, 1, first);
      add(RETURN, 0, 0, NOTIFY);
      add(RETURN, 0, 0, ALLOW);
    }
    return this;
  }

  /**
   * {@code write} goes to the listener for descriptors of a number or above, and for few bytes to
   * standard output: shells write there what {@code >} names.
   *
   * @param first the number
   * @param few bytes at most
   * @return this
   */
  public SeccompFilter notifiedWrite(int first, int few) {
    if (when(SystemCall.WRITE, 9)) {
      add(LOAD, 0, 0, argument(0));
      add(AT_LEAST, 6, 0, Integer.MIN_VALUE);
      add(AT_LEAST, 0, 1, first);
      add(RETURN, 0, 0, NOTIFY);
      add(EQUAL, 0, 3, 1);
      add(LOAD, 0, 0, argument(2));
      add(AT_LEAST, 1, 0, few + 1);
      add(RETURN, 0, 0, NOTIFY);
      add(RETURN, 0, 0, ALLOW);
    }
    return this;
  }

  /**
   * {@code ioctl} goes to the listener when its request is of a type.
   *
   * @param type {@code _IOC_TYPE} of the request
   * @return this
   */
  public SeccompFilter notifiedIoctl(int type) {
    if (when(SystemCall.IOCTL, 5)) {
      add(LOAD, 0, 0, argument(1));
      add(AND, 0, 0, 0xff00);
      add(EQUAL, 0, 1, type << 8);
      add(RETURN, 0, 0, NOTIFY);
      add(RETURN, 0, 0, ALLOW);
    }
    return this;
  }

  /**
   * A call goes to the listener when an argument is not 0.
   *
   * @param call the others pass
   * @param argument its place among the arguments, from 0
   * @return this
   */
  public SeccompFilter notifiedUnlessNull(SystemCall call, int argument) {
    if (when(call, 6)) {
      add(LOAD, 0, 0, argument(argument));
      add(EQUAL, 0, 2, 0);
      add(LOAD, 0, 0, argument(argument) + Integer.BYTES);
      add(EQUAL, 1, 0, 0);
      add(RETURN, 0, 0, NOTIFY);
      add(RETURN, 0, 0, ALLOW);
    }
    return this;
  }

  private static int argument(int index) {
    return ARGUMENTS_AT + index * Long.BYTES;
  }

  /**
   * Gives the filter to the calling thread, which can gain no privileges from then on; the thread
   * cannot take it off again. A call that the listener has received is interrupted by deadly
   * signals alone, where the kernel knows how (5.19).
   *
   * @return the listener's descriptor, closed on exec; or −errno: {@code EBUSY} when the thread has
   *     a filter with a listener already, {@code EINVAL} where the kernel has no such filters
   */
  public int install() {
    try (var arena = Arena.ofConfined()) {
      long refused = SystemCall.PRCTL.call(PR_SET_NO_NEW_PRIVS, 1);
      if (refused < 0) {
        return (int) refused;
      }
      MemorySegment filter = program(arena);
      int listener = install(filter, NEW_LISTENER | WAIT_KILLABLE);
      return listener == EINVAL ? install(filter, NEW_LISTENER) : listener;
    }
  }

  /**
   * A filter that stops a thread, and all that it starts, for their tracer at an {@code ioctl} of a
   * type; without a tracer the call answers {@code ENOSYS}. Calls of another architecture pass.
   *
   * @param type {@code _IOC_TYPE} of the request
   * @return the filter
   */
  public static SeccompFilter tracing(int type) {
    var filter = new SeccompFilter();
    filter.program.replaceAll(
        one -> one.code() == RETURN ? new Instruction(RETURN, 0, 0, ALLOW) : one);
    if (filter.when(SystemCall.IOCTL, 5)) {
      filter.add(LOAD, 0, 0, argument(1));
      filter.add(AND, 0, 0, 0xff00);
      filter.add(EQUAL, 0, 1, type << 8);
      filter.add(RETURN, 0, 0, TRACE);
      filter.add(RETURN, 0, 0, ALLOW);
    }
    return filter;
  }

  /**
   * Also stops at what else there is to see of a device's files: opens for writing, short reads and
   * writes, transfers of a device's regions, and shared mappings of files. What a shell does before
   * it runs its command is not among them.
   *
   * @param few the most bytes of a short transfer
   * @return this
   */
  public SeccompFilter tracingFiles(int few) {
    openForWriting(SystemCall.OPEN, 1);
    openForWriting(SystemCall.OPENAT, 2);
    for (SystemCall call : List.of(SystemCall.CREAT, SystemCall.OPENAT2)) {
      if (when(call, 1)) {
        add(RETURN, 0, 0, TRACE);
      }
    }
    for (SystemCall call : List.of(SystemCall.READ, SystemCall.WRITE)) {
      if (when(call, 4)) {
        add(LOAD, 0, 0, argument(2));
        add(AT_LEAST, 1, 0, few + 1);
        add(RETURN, 0, 0, TRACE);
        add(RETURN, 0, 0, ALLOW);
      }
    }
    for (SystemCall call : List.of(SystemCall.PREAD64, SystemCall.PWRITE64)) {
      if (when(call, 6)) {
        // All regions but the first lie beyond 32 bits; registers have at most 64.
        add(LOAD, 0, 0, argument(3) + Integer.BYTES);
        add(EQUAL, 0, 2, 0);
        add(LOAD, 0, 0, argument(2));
        add(AT_LEAST, 1, 0, Long.BYTES + 1);
        add(RETURN, 0, 0, TRACE);
        add(RETURN, 0, 0, ALLOW);
      }
    }
    if (when(SystemCall.MMAP, 7)) {
      add(LOAD, 0, 0, argument(4));
      add(AT_LEAST, 4, 0, Integer.MIN_VALUE);
      add(LOAD, 0, 0, argument(3));
      add(AND, 0, 0, 1);
      add(EQUAL, 1, 0, 0);
      add(RETURN, 0, 0, TRACE);
      add(RETURN, 0, 0, ALLOW);
    }
    return this;
  }

  private void openForWriting(SystemCall call, int flags) {
    if (when(call, 5)) {
      add(LOAD, 0, 0, argument(flags));
      add(AND, 0, 0, 3);
      add(EQUAL, 1, 0, 0);
      add(RETURN, 0, 0, TRACE);
      add(RETURN, 0, 0, ALLOW);
    }
  }

  /**
   * Gives a filter without a listener to the calling thread, as {@link #install}.
   *
   * @return 0, or −errno
   */
  public int installAlone() {
    try (var arena = Arena.ofConfined()) {
      long refused = SystemCall.PRCTL.call(PR_SET_NO_NEW_PRIVS, 1);
      return refused < 0 ? (int) refused : install(program(arena), 0);
    }
  }

  private static int install(MemorySegment filter, int flags) {
    return (int) SystemCall.SECCOMP.call(SET_MODE_FILTER, flags, filter.address());
  }

  /** {@code struct sock_fprog}. */
  private MemorySegment program(Arena arena) {
    add(RETURN, 0, 0, ALLOW);
    MemorySegment code = arena.allocate((long) program.size() * INSTRUCTION_BYTES, Long.BYTES);
    long at = 0;
    for (Instruction one : program) {
      code.set(ValueLayout.JAVA_SHORT, at, (short) one.code());
      code.set(ValueLayout.JAVA_BYTE, at + 2, (byte) one.ifTrue());
      code.set(ValueLayout.JAVA_BYTE, at + 3, (byte) one.ifFalse());
      code.set(ValueLayout.JAVA_INT, at + 4, one.value());
      at += INSTRUCTION_BYTES;
    }
    MemorySegment whole = arena.allocate(16, Long.BYTES);
    whole.set(ValueLayout.JAVA_SHORT, 0, (short) program.size());
    whole.set(ValueLayout.JAVA_LONG, 8, code.address());
    return whole;
  }
}
