// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.sysfs;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.Sysfs;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.Refused;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;

/**
 * The switches of fault injection in debugfs, as a kernel with {@code CONFIG_FAILSLAB} and {@code
 * CONFIG_IOMMUFD_TEST} has them: those that matter to {@code fail-nth}.
 */
public final class FaultKnobs {

  private static final String FAILSLAB = "kernel/debug/failslab/";
  private static final String IGNORES_WAITERS = FAILSLAB + "ignore-gfp-wait";
  private static final List<String> VERBOSE =
      List.of(FAILSLAB + "verbose", "kernel/debug/fail_iommufd/verbose");

  /** {@code kstrtobool}: the first letters count. */
  private static final Pattern YES = Pattern.compile("[yYtT1]|[oO][nN]");

  private static final Pattern NO = Pattern.compile("[nNfF0]|[oO][fF]");

  private final Sysfs sysfs;
  private final FaultPlan faults;

  /** The switches of a plan, not shown yet. */
  public FaultKnobs(Sysfs sysfs, FaultPlan faults) {
    this.sysfs = sysfs;
    this.faults = faults;
  }

  /** Shows them. */
  public void show() {
    // Allocations that may wait are all that iommufd makes: ignoring them is counting none.
    sysfs.attribute(
        IGNORES_WAITERS,
        () -> faults.counts(FaultPlan.Kind.SLAB) ? "N\n" : "Y\n",
        this::storeIgnoresWaiters);
    for (String verbose : VERBOSE) {
      // The amount that a kernel writes to its log when it lets something fail; this one has none.
      var level = new AtomicLong(2);
      sysfs.attribute(verbose, () -> level + "\n", text -> level.set(number(text)));
    }
  }

  /** Linux takes any text here, and changes nothing for what is no truth value. */
  private void storeIgnoresWaiters(String text) {
    if (YES.matcher(text).lookingAt()) {
      faults.count(FaultPlan.Kind.SLAB, false);
    } else if (NO.matcher(text).lookingAt()) {
      faults.count(FaultPlan.Kind.SLAB, true);
    }
  }

  private static long number(String text) {
    try {
      return Long.parseUnsignedLong(text.strip());
    } catch (NumberFormatException none) {
      throw Refused.with(Errno.EINVAL);
    }
  }
}
