// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.lib;

import io.iommufd4j.kernel.Errno;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The plan of which internal allocations of a kernel fail ({@code lib/fault-inject.c}). Each thread
 * has its own count: armed with n, it passes n − 1 points and fails at the next ({@code
 * task_struct::fail_nth}). Points are named where the kernel allocates, pins or asks {@code
 * iommufd_should_fail}; while no thread is armed each costs one read of a field.
 */
public final class FaultPlan {

  /**
   * The kind of failure at a point; a thread counts the points of the kinds that are switched on.
   */
  public enum Kind {
    /** A small object ({@code failslab}), out of memory. */
    SLAB,
    /**
     * A failure that iommufd itself injects ({@code fail_iommufd}), with an errno of the point's
     * own.
     */
    IOMMUFD,
    /** A page of a page table or a bitmap ({@code fail_page_alloc}), out of memory. */
    PAGE,
    /** A copy from or to user memory ({@code fail_usercopy}), a bad address. */
    USERCOPY
  }

  /**
   * The number of points left before each armed thread fails. Only that thread changes its entry,
   * except for arming.
   */
  private final Map<Object, Integer> left = new ConcurrentHashMap<>();

  private volatile boolean armed;
  private volatile boolean slab;
  private volatile boolean page;
  private volatile boolean usercopy;

  /** The task that a thread acts for, if not for itself. */
  @SuppressWarnings("ThreadLocalUsage") // Static it would be seen from every kernel.
  private final ThreadLocal<@Nullable Object> acting = new ThreadLocal<>();

  /** Nobody is armed; of the kinds only what iommufd fails by itself counts, as after a boot. */
  public FaultPlan() {}

  /**
   * Makes the points of a kind count, or count no longer. {@link Kind#IOMMUFD} always counts.
   *
   * <p>For {@link Kind#SLAB} this is {@code failslab/ignore-gfp-wait} off; the other two have no
   * switch in a kernel that is built without them.
   */
  public void count(Kind kind, boolean on) {
    switch (kind) {
      case SLAB -> slab = on;
      case IOMMUFD -> {}
      case PAGE -> page = on;
      case USERCOPY -> usercopy = on;
    }
  }

  /** True if the points of a kind count. */
  public boolean counts(Kind kind) {
    return switch (kind) {
      case SLAB -> slab;
      case IOMMUFD -> true;
      case PAGE -> page;
      case USERCOPY -> usercopy;
    };
  }

  /**
   * The calling thread acts for a task outside of this JVM from now on.
   *
   * @param task what stands for it, by its own notion of equality
   */
  public void actFor(Object task) {
    acting.set(task);
  }

  /** {@return what stands for the task that the calling thread acts for, which may be itself} */
  public Object current() {
    Object task = acting.get();
    return task == null ? Thread.currentThread() : task;
  }

  /**
   * Arms a thread.
   *
   * @param thread as {@link #current} names it
   * @param nth the point to fail at, counted from 1; 0 disarms
   */
  public synchronized void arm(Object thread, int nth) {
    if (nth == 0) {
      left.remove(thread);
    } else {
      left.put(thread, nth);
    }
    armed = !left.isEmpty();
  }

  /** The number of points left before a thread fails; 0 when it has failed or was never armed. */
  public int left(Object thread) {
    return left.getOrDefault(thread, 0);
  }

  /**
   * A small object is allocated.
   *
   * @throws Refused ENOMEM
   */
  public void alloc() {
    if (armed && slab) {
      pass(Errno.ENOMEM);
    }
  }

  /**
   * A page of a page table or a bitmap is allocated.
   *
   * @throws Refused ENOMEM
   */
  public void page() {
    if (armed && page) {
      pass(Errno.ENOMEM);
    }
  }

  /**
   * User memory is read or written.
   *
   * @throws Refused EFAULT
   */
  public void copy() {
    if (armed && usercopy) {
      pass(Errno.EFAULT);
    }
  }

  /**
   * {@code iommufd_should_fail}.
   *
   * @param errno what the kernel answers there
   * @throws Refused with that errno
   */
  public void inject(Errno errno) {
    if (armed) {
      pass(errno);
    }
  }

  private void pass(Errno errno) {
    Object thread = current();
    Integer before = left.get(thread);
    if (before == null) {
      return;
    }
    arm(thread, before - 1);
    if (before == 1) {
      throw Refused.with(errno);
    }
  }
}
