// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.KernelUnderTestResolver;
import io.iommufd4j.conformance.extension.OnSimulatedKernelsOnly;
import io.iommufd4j.pci.PciAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Random requests on the simulated kernel: each is answered, none throws, a program whose answers
 * are known keeps getting them, and in the end nothing is left (see {@link KernelUnderTest#close}).
 *
 * <p>{@code -Diommufd4j.requests=1000000} makes more of them; {@code -Diommufd4j.seed=N} takes
 * those of another seed, or of a failure's.
 */
@OnSimulatedKernelsOnly
@ExtendWith(KernelUnderTestResolver.class)
final class FuzzTest {

  private static final long SEED = Long.getLong("iommufd4j.seed", 20_261_122L);
  private static final int REQUESTS = Integer.getInteger("iommufd4j.requests", 100_000);
  private static final int CHECKS = 100;

  @Test
  void everyRequestIsAnsweredAndNothingIsLeft(KernelUnderTest test, TestReporter reporter) {
    reporter.publishEntry("iommufd4j.seed", Long.toString(SEED));
    List<PciAddress> fuzzed = test.machine().all();
    PciAddress spared = fuzzed.getLast();
    var threads = Thread.getAllStackTraces().keySet();
    var run = new RandomRun(test, fuzzed.subList(0, fuzzed.size() - 1), SEED);
    int succeeded = 0;
    for (int i = 0; i < REQUESTS; i++) {
      try {
        if (run.step() >= 0) {
          succeeded++;
        }
        if (i % Math.max(1, REQUESTS / CHECKS) == 0) {
          KnownProgram.run(test, spared);
        }
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("seed " + SEED + ", request " + i, e);
      }
    }
    run.end();
    var left = new HashSet<>(Thread.getAllStackTraces().keySet());
    left.removeAll(threads);
    // The JVM starts some of its own, in another group.
    left.removeIf(thread -> thread.getThreadGroup() != Thread.currentThread().getThreadGroup());
    assertEquals(Set.of(), left, "threads are left");
    // All refused would mean that the requests are too wild to reach anything.
    assertTrue(succeeded > REQUESTS / 20, succeeded + " of " + REQUESTS + " succeeded");
    reporter.publishEntry("requests that succeeded", Integer.toString(succeeded));
  }
}
