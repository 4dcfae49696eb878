// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.attach;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Lines of text on a connection. */
final class Lines implements AutoCloseable {

  private final SocketChannel channel;
  private final BufferedReader reader;

  Lines(SocketChannel channel) {
    this.channel = channel;
    this.reader = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
  }

  /** Waits for a line; null when the other side is gone. */
  @Nullable String next() {
    try {
      return reader.readLine();
    } catch (IOException gone) {
      return null;
    }
  }

  /** Says a line, if anybody listens. */
  void say(String line) {
    try {
      ByteBuffer bytes = StandardCharsets.UTF_8.encode(line + "\n");
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (IOException gone) {
      // The next line tells.
    }
  }

  /** Says that nothing is said any more. */
  void sayNoMore() {
    try {
      channel.shutdownOutput();
    } catch (IOException gone) {
      // Then the other side knows.
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException gone) {
      // Nothing is left to close.
    }
  }
}
