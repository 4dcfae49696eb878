// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.device.model;

import static io.iommufd4j.sim.device.model.LittleEndian.INT;

import io.iommufd4j.sim.device.DevicePort;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * A completion queue: what commands ended with, written to memory as long as the driver has room
 * for it, with a phase bit that turns over each time around.
 */
final class NvmeCompletionQueue {

  static final int ENTRY = 16;

  /** No vector: the driver polls. */
  static final int POLLED = -1;

  /** The end of a command, still to be written. */
  private record Completion(int result, int queue, int queueHead, int command, int status) {}

  private final DevicePort port;
  private final long address;
  private final int entries;
  private final int vector;
  private final Deque<Completion> due = new ArrayDeque<>();
  private final MemorySegment entry = Arena.ofAuto().allocate(ENTRY, Long.BYTES);
  private int head;
  private int tail;
  private boolean phase = true;

  /**
   * A queue that is empty.
   *
   * @param vector of its interrupt, or {@link #POLLED}
   */
  NvmeCompletionQueue(DevicePort port, long address, int entries, int vector) {
    this.port = port;
    this.address = address;
    this.entries = entries;
    this.vector = vector;
  }

  int vector() {
    return vector;
  }

  int head() {
    return head;
  }

  /** The driver has taken entries, up to this one; false for one that is not there. */
  boolean take(int upTo) {
    if (upTo >= entries) {
      return false;
    }
    head = upTo;
    return true;
  }

  /** True while there are entries that the driver has not taken. */
  boolean waiting() {
    return head != tail;
  }

  /** A command has ended. */
  void end(NvmeSubmissionQueue queue, int command, int status, int result) {
    due.add(new Completion(result, queue.id(), queue.head(), command, status));
  }

  /** The fate of completions that were due. */
  enum Outcome {
    /** Nothing was due, or the driver has no room. */
    NOTHING,
    /** Some were written. */
    WRITTEN,
    /** The queue could not be written; what was due stays so. */
    UNREACHABLE
  }

  /** Writes what is due. */
  Outcome post() {
    Outcome outcome = Outcome.NOTHING;
    while (!due.isEmpty() && (tail + 1) % entries != head) {
      Completion one = due.element();
      entry.set(INT, 0, one.result());
      entry.set(INT, 4, 0);
      entry.set(INT, 8, one.queue() << 16 | one.queueHead());
      entry.set(INT, 12, one.status() << 17 | (phase ? 1 << 16 : 0) | one.command());
      if (!port.write(address + (long) tail * ENTRY, entry)) {
        return Outcome.UNREACHABLE;
      }
      due.remove();
      outcome = Outcome.WRITTEN;
      tail++;
      if (tail == entries) {
        tail = 0;
        phase = !phase;
      }
    }
    return outcome;
  }
}
