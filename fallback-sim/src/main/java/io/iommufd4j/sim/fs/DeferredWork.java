// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import java.util.ArrayDeque;
import java.util.Queue;

/**
 * Work that whoever causes it cannot do itself, because of the locks it holds ({@code struct
 * workqueue_struct}). A thread does it in order, and ends when there is none left.
 */
public final class DeferredWork {

  private final Queue<Runnable> queue = new ArrayDeque<>();
  private boolean working;

  /** {@code queue_work}. */
  public synchronized void queue(Runnable work) {
    queue.add(work);
    if (!working) {
      working = true;
      Thread.ofPlatform().daemon().name("deferred work").start(this::work);
    }
  }

  private void work() {
    while (true) {
      Runnable next;
      synchronized (this) {
        next = queue.poll();
        if (next == null) {
          working = false;
          return;
        }
      }
      next.run();
    }
  }
}
