// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.attach;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The simulated kernel of another process, by the socket at which it is offered. */
public final class AttachedKernel implements AutoCloseable {

  private final Path socket;
  private final Lines lines;
  private final int first;
  private volatile boolean closed;

  private AttachedKernel(Path socket, Lines lines, int first) {
    this.socket = socket;
    this.lines = lines;
    this.first = first;
  }

  /**
   * Reaches a kernel.
   *
   * @param socket that it is offered at
   * @return the way to it
   * @throws AttachException when none is offered there
   */
  public static AttachedKernel at(Path socket) throws AttachException {
    Lines lines;
    try {
      lines = new Lines(SocketChannel.open(UnixDomainSocketAddress.of(socket)));
    } catch (IOException refused) {
      throw new AttachException(
          socket + ": no simulated kernel is offered there: " + refused.getMessage());
    }
    String line = lines.next();
    Greeting greeting = Greeting.of(line);
    if (greeting == null || greeting.version() != Greeting.VERSION) {
      lines.close();
      throw new AttachException(
          socket
              + (line == null
                  ? ": the simulated kernel there has ended, or is another user's"
                  : ": a simulated kernel of another version is offered there"));
    }
    return new AttachedKernel(socket, lines, greeting.first());
  }

  /** {@return the number that descriptors of simulated files are given from on} */
  public int first() {
    return first;
  }

  /**
   * Has the programs behind a listener answered, which is not needed here any more then.
   *
   * @param listener its descriptor in this process
   * @throws AttachException when the owner of the kernel cannot do so
   */
  public void supervise(int listener) throws AttachException {
    lines.say(new Attachment((int) ProcessHandle.current().pid(), listener).line());
    String answer = lines.next();
    if (!Attachment.TAKEN.equals(answer)) {
      throw new AttachException(socket + ": " + reason(answer));
    }
  }

  private static String reason(@Nullable String answer) {
    return answer != null && answer.startsWith(Attachment.REFUSED)
        ? answer.substring(Attachment.REFUSED.length())
        : "the simulated kernel there has ended";
  }

  /** {@return true once the kernel has ended; false when {@link #close} was called before} */
  public boolean awaitEnd() {
    while (lines.next() != null) {
      // Nothing that is said now means anything.
    }
    return !closed;
  }

  /** {@return whether {@link #close} was called} */
  public boolean closed() {
    return closed;
  }

  /** The program has ended. */
  @Override
  public void close() {
    closed = true;
    lines.close();
  }
}
