// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.FaultPlan.Kind;
import java.util.EnumSet;

/**
 * Makes a simulated kernel's own allocations fail, so that a library can see in its tests what it
 * does when they do. It is the kernel's {@code fail-nth}: the calling thread fails at the n-th
 * place where the kernel allocates, pins or copies, and only there; other threads are let be.
 *
 * <pre>{@code
 * int places = kernel.control().faults().sweep(() -> {
 *   try (var iommufd = Iommufd.open(kernel)) {
 *     iommufd.newIoas().close();
 *   } catch (KernelException expected) {
 *     // The kernel was out of memory. What matters is what is left behind.
 *   }
 *   assertEquals(Census.NOTHING, kernel.control().census());
 * });
 * }</pre>
 *
 * <p>A program reaches the same through files, on this kernel and on one that was built with {@code
 * CONFIG_FAULT_INJECTION}: {@code /proc/thread-self/fail-nth} arms and tells, {@code
 * /sys/kernel/debug/failslab/ignore-gfp-wait} set to N makes ordinary allocations count.
 */
public final class FaultInjection {

  /** Far more places than any call has: a sweep that gets there does not end by itself. */
  private static final int MOST_PLACES = 100_000;

  private final FaultPlan plan;

  FaultInjection(FaultPlan plan) {
    this.plan = plan;
  }

  /**
   * The calling thread fails at the n-th place from now on, whatever kind it is of. What the kernel
   * answers there is ENOMEM mostly, EFAULT where it copies or pins, and now and then another errno
   * that it has for such a case.
   *
   * @param nth from 1; 0 disarms
   * @throws IllegalArgumentException below 0
   */
  public void failNth(int nth) {
    if (nth < 0) {
      throw new IllegalArgumentException("the place to fail at is counted from 1, not " + nth);
    }
    EnumSet.allOf(Kind.class).forEach(kind -> plan.count(kind, true));
    plan.arm(Thread.currentThread(), nth);
  }

  /**
   * {@return the number of places left before the calling thread fails; 0 once it has failed, or if
   * not armed}
   */
  public int left() {
    return plan.left(Thread.currentThread());
  }

  /**
   * The code that {@link #sweep} runs.
   *
   * @param <X> the checked exception that it may throw; {@link RuntimeException} for none
   */
  @FunctionalInterface
  public interface Trial<X extends Exception> {
    /**
     * Runs once. Calls that fail are its own to catch.
     *
     * @throws X ends the sweep
     */
    void run() throws X;
  }

  /**
   * Runs something again and again, failing at the first place, then at the second, until it gets
   * through without reaching the place to fail at. The thread is disarmed after each run, also when
   * that throws.
   *
   * @param <X> the checked exception that the trial may throw
   * @param trial does the same at each run
   * @return how many places there were
   * @throws X what the trial throws
   * @throws IllegalStateException when it reaches ever more places
   */
  public <X extends Exception> int sweep(Trial<X> trial) throws X {
    for (int nth = 1; nth <= MOST_PLACES; nth++) {
      failNth(nth);
      boolean reached;
      try {
        trial.run();
      } finally {
        reached = left() == 0;
        failNth(0);
      }
      if (!reached) {
        return nth - 1;
      }
    }
    throw new IllegalStateException("more than " + MOST_PLACES + " places to fail at");
  }
}
