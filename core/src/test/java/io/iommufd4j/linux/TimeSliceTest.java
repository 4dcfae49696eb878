// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class TimeSliceTest {

  private static final long NANOS = 50_000_000;

  /** In a thread of its own, so that the test's keeps what it has. */
  private static long inAThread(LongSupplier what) {
    var told = new CompletableFuture<Long>();
    Thread.ofPlatform().start(() -> told.complete(what.getAsLong()));
    return told.join();
  }

  @Test
  void isTheCallingThreadsAlone() {
    long before = TimeSlice.get();
    assumeTrue(before > 0, "Linux heeds it from 6.12 on");
    assertEquals(
        NANOS,
        inAThread(() -> {
          assertTrue(TimeSlice.set(NANOS));
          return TimeSlice.get();
        }));
    assertEquals(before, TimeSlice.get());
  }

  @Test
  void isOfThreadsStartedLaterToo() {
    assumeTrue(TimeSlice.get() > 0, "Linux heeds it from 6.12 on");
    assertEquals(
        NANOS,
        inAThread(() -> {
          assertTrue(TimeSlice.set(NANOS));
          return inAThread(TimeSlice::get);
        }));
  }
}
