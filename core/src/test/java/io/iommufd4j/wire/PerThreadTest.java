// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.Test;

/** Each thread has its own value and keeps it, however many threads share a place. */
class PerThreadTest {

  private static final int THREADS = 200;
  private static final int ASKS = 10_000;

  private final PerThread<Object> values = new PerThread<>(Object::new);

  @Test
  void aThreadKeepsItsValue() {
    assertSame(values.get(), values.get());
  }

  @Test
  void noTwoThreadsShareAValue() throws InterruptedException {
    var barrier = new CyclicBarrier(THREADS);
    var perThread = new ConcurrentLinkedQueue<HashSet<Object>>();
    var threads = new ArrayList<Thread>();
    for (int i = 0; i < THREADS; i++) {
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                try {
                  barrier.await();
                } catch (Exception e) {
                  throw new IllegalStateException(e);
                }
                var got = new HashSet<Object>();
                for (int ask = 0; ask < ASKS; ask++) {
                  got.add(values.get());
                }
                perThread.add(got);
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }

    var all = new HashSet<Object>();
    perThread.forEach(got -> {
      assertEquals(1, got.size());
      all.addAll(got);
    });
    assertEquals(THREADS, perThread.size());
    assertEquals(THREADS, all.size());
  }
}
