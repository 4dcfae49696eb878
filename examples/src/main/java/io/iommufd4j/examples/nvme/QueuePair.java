// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.examples.nvme;

import static io.iommufd4j.examples.nvme.LittleEndian.INT;
import static io.iommufd4j.examples.nvme.LittleEndian.SHORT;

import io.iommufd4j.vfio.Registers;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * A submission queue and the completion queue it reports to: two rings of one page each. Nothing
 * here allocates once it is made. Who uses it keeps fewer commands in it than {@link #ENTRIES}.
 */
final class QueuePair {

  /** Entries of each ring. */
  static final int ENTRIES = DmaMemory.PAGE / Submission.BYTES;

  private static final int COMPLETION_BYTES = 16;
  private static final int COMMAND_ID = 12;
  private static final int STATUS = 14;
  private static final VarHandle STATUS_WORD = SHORT.varHandle();

  private final Registers registers;
  private final DmaMemory submissions;
  private final DmaMemory completions;
  private final long tailDoorbell;
  private final long headDoorbell;

  private int tail;
  private int head;
  private int phase;

  /**
   * A pair of queues.
   *
   * @param id 0 for the admin queues
   * @param doorbellStride bytes from one doorbell to the next
   */
  QueuePair(
      Registers registers,
      int id,
      int doorbellStride,
      DmaMemory submissions,
      DmaMemory completions) {
    this.registers = registers;
    this.submissions = submissions;
    this.completions = completions;
    this.tailDoorbell = NvmeRegisters.DOORBELLS + 2L * id * doorbellStride;
    this.headDoorbell = tailDoorbell + doorbellStride;
    clear();
  }

  long submissionIova() {
    return submissions.iova();
  }

  long completionIova() {
    return completions.iova();
  }

  /** Empties both rings, for a controller that was just reset. */
  void clear() {
    submissions.segment().fill((byte) 0);
    completions.segment().fill((byte) 0);
    tail = 0;
    head = 0;
    phase = 1;
  }

  /** Adds a command, which the controller sees at the next {@link #submit}. */
  void add(
      int opcode,
      int commandId,
      int namespace,
      long prp1,
      long prp2,
      int dw10,
      int dw11,
      int dw12) {
    MemorySegment ring = submissions.segment();
    long at = (long) tail * Submission.BYTES;
    Submission.put(ring, at, opcode, commandId, namespace, prp1, prp2, dw10, dw11, dw12);
    tail = (tail + 1) % ENTRIES;
  }

  /** Rings the doorbell: what was added is the controller's now. */
  void submit() {
    VarHandle.releaseFence();
    registers.write32(tailDoorbell, tail);
  }

  /** True if the controller has written the next completion. */
  boolean ready() {
    return (status(head) & 1) == phase;
  }

  /** Number of completions that can be taken, at most {@code limit}. */
  int readyCount(int limit) {
    int count = 0;
    while (count < limit) {
      int index = (head + count) % ENTRIES;
      int expected = head + count < ENTRIES ? phase : phase ^ 1;
      if ((status(index) & 1) != expected) {
        break;
      }
      count++;
    }
    return count;
  }

  /** The command that the next completion is about. */
  int commandId() {
    return Short.toUnsignedInt(completions.segment().get(SHORT, at(head) + COMMAND_ID));
  }

  /** Status type and code of the next completion, as {@code type << 8 | code}; 0 is success. */
  int status() {
    return status(head) >>> 1 & 0x7ff;
  }

  /** Command-specific result of the next completion. */
  int result() {
    return completions.segment().get(INT, at(head));
  }

  /** Leaves the next completion behind; the controller may use its place after {@link #release}. */
  void next() {
    head++;
    if (head == ENTRIES) {
      head = 0;
      phase ^= 1;
    }
  }

  /** Rings the doorbell: what was left behind is the controller's again. */
  void release() {
    registers.write32(headDoorbell, head);
  }

  // Acquire: the rest of the entry, and the data, are read after it.
  private int status(int index) {
    short word = (short) STATUS_WORD.getAcquire(completions.segment(), at(index) + STATUS);
    return Short.toUnsignedInt(word);
  }

  private static long at(int index) {
    return (long) index * COMPLETION_BYTES;
  }
}
