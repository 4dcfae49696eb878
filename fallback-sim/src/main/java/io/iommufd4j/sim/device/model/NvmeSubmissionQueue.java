// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.device.model;

import io.iommufd4j.sim.device.DevicePort;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A submission queue: commands between the head, which the controller moves, and the tail. */
final class NvmeSubmissionQueue {

  private final DevicePort port;
  private final int id;
  private final long address;
  private final int entries;
  private final int completions;
  private final MemorySegment entry = Arena.ofAuto().allocate(NvmeCommand.BYTES, Long.BYTES);
  private int head;
  private int tail;

  /**
   * A queue that is empty.
   *
   * @param completions the id of the queue that its commands are completed in
   */
  NvmeSubmissionQueue(DevicePort port, int id, long address, int entries, int completions) {
    this.port = port;
    this.id = id;
    this.address = address;
    this.entries = entries;
    this.completions = completions;
  }

  int id() {
    return id;
  }

  int completions() {
    return completions;
  }

  int head() {
    return head;
  }

  /** True while there are commands. */
  boolean waiting() {
    return head != tail;
  }

  /** The driver has added commands, up to this one; false for one that is not there. */
  boolean add(int upTo) {
    if (upTo >= entries) {
      return false;
    }
    tail = upTo;
    return true;
  }

  /** True if the next command could be read: it is {@link #command}. */
  boolean fetch() {
    if (!port.read(address + (long) head * NvmeCommand.BYTES, entry)) {
      return false;
    }
    head = (head + 1) % entries;
    return true;
  }

  /** The command that was read last, until the next one is. */
  NvmeCommand command() {
    return new NvmeCommand(entry);
  }
}
