// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.kernfs;

import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;

/** The content of a file at the moment that it was opened. */
final class ContentChannel implements SeekableByteChannel {

  private final byte[] bytes;
  private long position;
  private boolean closed;

  ContentChannel(byte[] bytes) {
    this.bytes = bytes;
  }

  @Override
  public synchronized int read(ByteBuffer into) throws ClosedChannelException {
    requireOpen();
    int count = (int) Math.min(into.remaining(), bytes.length - position);
    if (count <= 0) {
      return into.hasRemaining() ? -1 : 0;
    }
    into.put(bytes, (int) position, count);
    position += count;
    return count;
  }

  private void requireOpen() throws ClosedChannelException {
    if (closed) {
      throw new ClosedChannelException();
    }
  }

  @Override
  public int write(ByteBuffer from) {
    throw new NonWritableChannelException();
  }

  @Override
  public synchronized long position() throws ClosedChannelException {
    requireOpen();
    return position;
  }

  @Override
  public synchronized SeekableByteChannel position(long wanted) throws ClosedChannelException {
    requireOpen();
    if (wanted < 0) {
      throw new IllegalArgumentException("position " + wanted);
    }
    position = wanted;
    return this;
  }

  @Override
  public synchronized long size() throws ClosedChannelException {
    requireOpen();
    return bytes.length;
  }

  @Override
  public SeekableByteChannel truncate(long size) {
    throw new NonWritableChannelException();
  }

  @Override
  public synchronized boolean isOpen() {
    return !closed;
  }

  @Override
  public synchronized void close() {
    closed = true;
  }
}
