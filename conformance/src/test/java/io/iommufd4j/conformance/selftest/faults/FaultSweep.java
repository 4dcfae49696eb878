// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.faults.FailNth;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import java.util.Optional;
import java.util.Set;

/**
 * Runs a chain of requests over and over, each time with a fault in a later place, until it comes
 * through without one. Whatever fails is refused cleanly, and what was made before can be given
 * back.
 */
final class FaultSweep {

  /**
   * More places than any chain has; a sweep that reaches it has a countdown that does not count.
   */
  private static final int BOUND = 1000;

  /** Runs without faults before the first with: classes are loaded and linked by then. */
  private static final int REHEARSALS = 3;

  /**
   * The errnos of a request that met an injected fault on Linux: there was no memory, pages were
   * not pinned, an object was not found, or a device could not be had in its IOMMU's group.
   */
  private static final Set<ErrnoCode> INJECTED =
      Set.of(
          Errno.ENOMEM,
          Errno.EFAULT,
          Errno.ENOENT,
          Errno.EINVAL,
          Errno.EADDRINUSE,
          Errno.EOPNOTSUPP);

  /** Requests that succeed one after the other when no fault is injected. */
  @FunctionalInterface
  interface Chain {
    /**
     * Makes the requests. The first that is refused ends the run.
     *
     * @param run whose {@link FaultRun#faultsFromHere} is called once
     */
    void run(FaultRun run);
  }

  private FaultSweep() {}

  /** Sweeps a chain. */
  static void over(KernelUnderTest test, Chain chain) {
    FailNth countdown = test.keep(new FailNth(test));
    var run = new FaultRun(test, countdown);
    for (int i = 0; i < REHEARSALS; i++) {
      assertEquals(Optional.empty(), run.attempt(chain, FaultRun.NO_FAULT), "without a fault");
      run.tearDown();
    }
    int refusals = 0;
    for (int n = 1; n < BOUND; n++) {
      Optional<FaultRun.Refusal> refusal = run.attempt(chain, n);
      boolean came = countdown.disarm();
      run.tearDown();
      if (!came) {
        assertEquals(Optional.empty(), refusal, "without a fault");
        assertTrue(refusals > 0, "no injected fault made a request fail");
        return;
      }
      if (refusal.isPresent()) {
        refusals++;
        ErrnoCode errno = refusal.get().errno();
        assertTrue(INJECTED.contains(errno), "fault " + n + ": " + refusal.get());
      }
    }
    fail("faults came in " + BOUND + " places");
  }
}
