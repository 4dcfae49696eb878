// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import io.iommufd4j.sim.mm.Accounting;
import io.iommufd4j.sim.mm.CallingProcess;
import io.iommufd4j.sim.mm.ForkedMemory;
import io.iommufd4j.sim.mm.UserProcess;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A second process on a simulated kernel, as {@code fork(2)} makes one: it has its parent's memory
 * and shares its descriptors, and is charged for what it pins by itself.
 */
public final class ForkedProcess implements AutoCloseable {

  private final CallingProcess calling;
  private final ForkedMemory memory;
  private final UserProcess process;
  private final Consumer<UserProcess> gone;

  ForkedProcess(CallingProcess calling, long pid, Consumer<UserProcess> gone) {
    UserProcess parent = calling.get();
    Accounting accounting = parent.accounting().forked();
    this.calling = calling;
    this.memory = new ForkedMemory(parent.memory());
    this.process = new UserProcess(pid, memory, accounting);
    this.gone = gone;
  }

  UserProcess process() {
    return process;
  }

  /** {@return its number, as under {@code /proc}} */
  public long pid() {
    return process.pid();
  }

  /**
   * Runs a piece of code: the system calls in it, on this thread, are this process'.
   *
   * @param <T> of the result
   * @param code runs at once, on the calling thread
   * @return the code's own result
   */
  public <T> T run(Supplier<T> code) {
    return calling.as(process, code);
  }

  /** The process exits. What it had pinned stays pinned for those who use it. */
  @Override
  public void close() {
    memory.exit();
    gone.accept(process);
  }
}
