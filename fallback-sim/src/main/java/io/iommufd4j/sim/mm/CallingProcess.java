// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.mm;

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
}
