// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.FileTable;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.fs.Wakeups;
import io.iommufd4j.sim.lib.Refused;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * One end of a pair of stream sockets that carries descriptors ({@code SCM_RIGHTS}); of bytes it
 * carries the one that goes with them.
 */
final class UnixSocket implements OpenFile {

  private final FileTable files;
  private final Wakeups wakeups;
  private final Queue<List<OpenFile>> arrived = new ArrayDeque<>();
  private @Nullable UnixSocket peer;
  private boolean peerClosed;

  private UnixSocket(FileTable files, Wakeups wakeups) {
    this.files = files;
    this.wakeups = wakeups;
  }

  /** Two ends. */
  static List<UnixSocket> pair(FileTable files, Wakeups wakeups) {
    var one = new UnixSocket(files, wakeups);
    var other = new UnixSocket(files, wakeups);
    one.peer = other;
    other.peer = one;
    return List.of(one, other);
  }

  /**
   * The other end gets a message.
   *
   * @param held files, each with a reference that goes along
   * @throws Refused EPIPE when the other end is closed
   */
  void send(List<OpenFile> held) {
    UnixSocket to = peer;
    synchronized (this) {
      if (peerClosed || to == null) {
        throw Refused.with(Errno.EPIPE);
      }
    }
    synchronized (to) {
      to.arrived.add(held);
    }
    wakeups.wake();
  }

  /** The files of the next message, each with a reference; none once the other end is closed. */
  List<OpenFile> receive() {
    while (true) {
      long before = wakeups.now();
      synchronized (this) {
        if (!arrived.isEmpty()) {
          return arrived.remove();
        }
        if (peerClosed) {
          return List.of();
        }
      }
      wakeups.await(before, Long.MAX_VALUE);
    }
  }

  @Override
  public synchronized int poll() {
    return libc_h.POLLOUT() | (arrived.isEmpty() && !peerClosed ? 0 : libc_h.POLLIN());
  }

  @Override
  public void release() {
    UnixSocket other = peer;
    List<List<OpenFile>> lost;
    synchronized (this) {
      lost = List.copyOf(arrived);
      arrived.clear();
    }
    lost.forEach(message -> message.forEach(files::drop));
    if (other != null) {
      synchronized (other) {
        other.peerClosed = true;
      }
    }
    wakeups.wake();
  }
}
