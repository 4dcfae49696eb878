// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.mm;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.Set;

/**
 * A file channel that outlives interrupts. Java closes a channel when a thread that works on it is
 * interrupted; a system call of the simulated kernel is not to lose its file by that.
 */
final class SteadyChannel implements AutoCloseable {

  /** An operation on the channel; after an interrupt it runs again from the start. */
  @FunctionalInterface
  interface Operation<T> {
    /** Does it. */
    T on(FileChannel channel) throws IOException;
  }

  private final Path path;
  private final Set<OpenOption> options;
  private FileChannel channel;
  private boolean closed;

  /**
   * Opens a file.
   *
   * @param options without one that creates or empties the file: it is opened again by these
   */
  SteadyChannel(Path path, Set<OpenOption> options) throws IOException {
    this.path = path;
    this.options = options;
    this.channel = FileChannel.open(path, options);
  }

  /** Works on the channel; an interrupt meanwhile is kept for the caller. */
  <T> T with(Operation<T> operation) throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      while (true) {
        FileChannel now = current();
        try {
          return operation.on(now);
        } catch (ClosedChannelException e) {
          // This thread was interrupted, or another that worked on the same channel was.
          interrupted |= Thread.interrupted();
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private synchronized FileChannel current() throws IOException {
    if (closed) {
      throw new IOException("closed: " + path);
    }
    if (!channel.isOpen()) {
      channel = FileChannel.open(path, options);
    }
    return channel;
  }

  @Override
  public synchronized void close() throws IOException {
    closed = true;
    channel.close();
  }
}
