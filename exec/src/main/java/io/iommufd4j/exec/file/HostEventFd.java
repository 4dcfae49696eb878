// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.file;

import io.iommufd4j.linux.HostFile;
import io.iommufd4j.sim.fs.EventFd;
import io.iommufd4j.sim.fs.FileTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * An eventfd of a program, through a descriptor here. Who counts in it keeps it; so a program's
 * last close is not seen, and {@link Consumer#closed} never called.
 */
final class HostEventFd implements EventFd, FileTable.Foreign {

  private static final short POLLIN = 1;
  private static final short POLLOUT = 4;
  private static final int LOOK_MILLIS = 50;

  private final int fd;
  private final List<Consumer> consumers = new ArrayList<>();
  private boolean watched;

  /**
   * The eventfd of a descriptor.
   *
   * @param fd closed by whoever made this, once nobody refers to it
   */
  HostEventFd(int fd) {
    this.fd = fd;
  }

  @Override
  public void signal() {
    // A full counter stays where it is.
    if (ready(POLLOUT, 0)) {
      try (var arena = Arena.ofConfined()) {
        HostFile.write(fd, arena.allocateFrom(ValueLayout.JAVA_LONG, 1));
      }
    }
  }

  private boolean ready(short what, int millis) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment pollfd = arena.allocate(8, 4);
      pollfd.set(ValueLayout.JAVA_INT, 0, fd);
      pollfd.set(ValueLayout.JAVA_SHORT, 4, what);
      return HostFile.poll(pollfd, 1, millis) > 0;
    }
  }

  @Override
  public synchronized boolean consumeBy(Consumer consumer) {
    boolean counted = ready(POLLIN, 0);
    consumers.addFirst(consumer);
    if (!watched) {
      watched = true;
      Thread.ofPlatform().daemon().name("eventfd").start(this::watch);
    }
    return counted;
  }

  @Override
  public synchronized void leave(Consumer consumer) {
    consumers.remove(consumer);
  }

  private void watch() {
    while (true) {
      boolean counted = ready(POLLIN, LOOK_MILLIS);
      List<Consumer> told;
      synchronized (this) {
        if (consumers.isEmpty()) {
          watched = false;
          return;
        }
        told = List.copyOf(consumers);
      }
      if (counted) {
        take();
        told.forEach(Consumer::signalled);
      }
    }
  }

  private void take() {
    if (ready(POLLIN, 0)) {
      try (var arena = Arena.ofConfined()) {
        HostFile.read(fd, arena.allocate(Long.BYTES, Long.BYTES));
      }
    }
  }
}
