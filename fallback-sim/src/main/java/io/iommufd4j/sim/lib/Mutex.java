// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.lib;

import java.util.concurrent.locks.ReentrantLock;

/**
 * A lock that a block holds: {@code try (var _ = mutex.guard()) {…}} ({@code struct mutex}, {@code
 * guard(mutex)}). Taking it makes no object.
 */
public final class Mutex extends ReentrantLock implements AutoCloseable {

  private static final long serialVersionUID = 1;

  /** Takes it until the block ends. */
  public Mutex guard() {
    lock();
    return this;
  }

  @Override
  public void close() {
    unlock();
  }
}
