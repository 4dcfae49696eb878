// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.lib;

import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * A lock that many readers or one writer hold for a block: {@code try (var _ = rwsem.reading())
 * {…}} ({@code struct rw_semaphore}). Taking it makes no object.
 */
public final class RwSemaphore {

  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private final Guard reader = new Guard(lock.readLock());
  private final Guard writer = new Guard(lock.writeLock());

  /** One way of holding it. */
  public record Guard(Lock lock) implements AutoCloseable {

    @Override
    public void close() {
      lock.unlock();
    }
  }

  /** {@code down_read}, until the block ends. */
  public Guard reading() {
    reader.lock.lock();
    return reader;
  }

  /** {@code down_write}, until the block ends. */
  public Guard writing() {
    writer.lock.lock();
    return writer;
  }

  /** {@code up_write} in the middle of a block, which has to take it again before it ends. */
  public void pauseWriting() {
    writer.lock.unlock();
  }

  /** Takes it again. */
  public void resumeWriting() {
    writer.lock.lock();
  }
}
