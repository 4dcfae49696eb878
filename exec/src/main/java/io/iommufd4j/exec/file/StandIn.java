// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.file;

import io.iommufd4j.exec.process.HostInode;
import io.iommufd4j.linux.HostFile;
import io.iommufd4j.sim.fs.OpenFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A file of the host's that stands in for a simulated one in the programs, and is told by its
 * inode. A file with something to wait for has a pipe, whose readiness is the file's; any other a
 * file of memory, which is always ready as the file is.
 */
public final class StandIn {

  private static final int O_RDWR = 2;
  private static final int O_NONBLOCK = 04000;
  private static final int POLLIN = 1;

  private final HostInode inode;
  private final boolean pipe;
  private int given;
  private int own = -1;
  private boolean shownReady;

  private StandIn(int given, boolean pipe) {
    this.given = given;
    this.pipe = pipe;
    this.inode = HostInode.of(given);
  }

  /**
   * One of memory. It is opened once more by its descriptor: of what {@code memfd_create} opened
   * itself newer kernels tell no close.
   */
  static StandIn ofMemory(String name) {
    int created = Opening.require(HostFile.memory(name));
    int opened = HostFile.open("/proc/self/fd/" + created, O_RDWR);
    HostFile.close(created);
    return new StandIn(Opening.require(opened), false);
  }

  /** One whose readiness can be set. */
  static StandIn ofPipe() {
    int[] ends = new int[2];
    Opening.require(HostFile.pipe(ends));
    int both = HostFile.open("/proc/self/fd/" + ends[0], O_RDWR | O_NONBLOCK);
    HostFile.close(ends[0]);
    if (both < 0) {
      HostFile.close(ends[1]);
      Opening.require(both);
    }
    var standIn = new StandIn(both, true);
    standIn.own = ends[1];
    return standIn;
  }

  /** {@return its inode} */
  public HostInode inode() {
    return inode;
  }

  /** True if it has a readiness. */
  boolean pipe() {
    return pipe;
  }

  /** The descriptor here that is to be given to a program. */
  int given() {
    return given;
  }

  /** Sets its content, as long as it is here. */
  void fill(byte[] content) {
    if (content.length > 0) {
      try (var arena = Arena.ofConfined()) {
        MemorySegment bytes =
            arena.allocate(content.length).copyFrom(MemorySegment.ofArray(content));
        HostFile.writeAt(given, bytes, 0);
      }
    }
  }

  /** The descriptor here is not needed any more: programs alone have the file open. */
  void letGo() {
    HostFile.close(given);
    given = -1;
  }

  /** Another descriptor of the same inode, which no program has; made when first asked for. */
  synchronized int own() {
    if (own < 0) {
      own = Opening.require(HostFile.open("/proc/self/fd/" + given, O_RDWR));
    }
    return own;
  }

  /** Shows in the programs if there is something to read. */
  synchronized void show(OpenFile file) {
    boolean ready = (file.poll() & POLLIN) != 0;
    if (ready == shownReady || own < 0) {
      return;
    }
    shownReady = ready;
    try (var arena = Arena.ofConfined()) {
      MemorySegment one = arena.allocate(1);
      if (ready) {
        HostFile.write(own, one);
      } else {
        int reader = HostFile.open("/proc/self/fd/" + own, O_NONBLOCK);
        HostFile.read(reader, one);
        HostFile.close(reader);
      }
    }
  }

  /** No program has it open any more. */
  synchronized void end() {
    if (own >= 0) {
      HostFile.close(own);
      own = -1;
    }
  }
}
