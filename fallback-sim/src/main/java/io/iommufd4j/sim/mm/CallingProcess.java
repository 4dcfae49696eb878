// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.mm;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The process that makes the system call of a thread ({@code current}): the first process, unless
 * the thread runs on behalf of another.
 */
public final class CallingProcess {

  private final UserProcess first;

  @SuppressWarnings("ThreadLocalUsage") // Static it would be seen from every kernel.
  private final ThreadLocal<@Nullable UserProcess> other = new ThreadLocal<>();

  /** The number of threads that run on behalf of another process: at 0 no thread-local is read. */
  private final AtomicInteger others = new AtomicInteger();

  /**
   * Calls of one process.
   *
   * @param first whose calls all are that nobody says otherwise of
   */
  public CallingProcess(UserProcess first) {
    this.first = first;
  }

  /** The one that calls. */
  public UserProcess get() {
    UserProcess process = others.get() == 0 ? null : other.get();
    return process == null ? first : process;
  }

  /** Runs a piece of code of this thread as a process. */
  public <T> T as(UserProcess process, Supplier<T> code) {
    UserProcess before = other.get();
    other.set(process);
    others.incrementAndGet();
    try {
      return code.get();
    } finally {
      others.decrementAndGet();
      if (before == null) {
        other.remove();
      } else {
        other.set(before);
      }
    }
  }

  /**
   * The memory of whichever process makes the call at the moment.
   *
   * @param machine what physical addresses lead to
   */
  public UserMemory memory(UserMemory machine) {
    return new CallersMemory(this, machine);
  }

  /** The memory of whichever process makes the call at the moment, and the machine's behind it. */
  private static final class CallersMemory implements UserMemory {

    private final CallingProcess calling;
    private final UserMemory machine;

    /** For the processes of one kernel. */
    CallersMemory(CallingProcess calling, UserMemory machine) {
      this.calling = calling;
      this.machine = machine;
    }

    /** The memory of the process that calls, which is the same one when another calls later. */
    private UserMemory current() {
      return calling.get().memory();
    }

    @Override
    public boolean alive() {
      return current().alive();
    }

    @Override
    public void copyIn(long address, MemorySegment into) {
      current().copyIn(address, into);
    }

    @Override
    public void copyOut(long address, MemorySegment from) {
      current().copyOut(address, from);
    }

    @Override
    public void copyIn(long address, MemorySegment into, long offset, long bytes) {
      current().copyIn(address, into, offset, bytes);
    }

    @Override
    public void copyOut(long address, MemorySegment from, long offset, long bytes) {
      current().copyOut(address, from, offset, bytes);
    }

    @Override
    public long pin(long address, long pages, boolean writable) {
      return current().pin(address, pages, writable);
    }

    @Override
    public long registers(long address, long pages, boolean writable) {
      return current().registers(address, pages, writable);
    }

    @Override
    public void unpin(long physical, long pages) {
      current().unpin(physical, pages);
    }

    @Override
    public boolean samePage(long address, long physical) {
      return current().samePage(address, physical);
    }

    @Override
    public int pins(long address) {
      return current().pins(address);
    }

    @Override
    public long machineAddress(long physical) {
      return machine.machineAddress(physical);
    }

    @Override
    public long physicalAddress(long address) {
      return machine.physicalAddress(address);
    }

    @Override
    public boolean readPhysical(long physical, MemorySegment into) {
      return machine.readPhysical(physical, into);
    }

    @Override
    public boolean writePhysical(long physical, MemorySegment from) {
      return machine.writePhysical(physical, from);
    }

    @Override
    public void placeRegisters(long physical, long bytes, Registers registers) {
      machine.placeRegisters(physical, bytes, registers);
    }
  }
}
