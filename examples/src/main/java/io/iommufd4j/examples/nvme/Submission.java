// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.examples.nvme;

import static io.iommufd4j.examples.nvme.LittleEndian.INT;
import static io.iommufd4j.examples.nvme.LittleEndian.LONG;

import java.lang.foreign.MemorySegment;

/** Entries of a submission queue: commands of 64 bytes (NVMe base specification, figure "SQE"). */
final class Submission {

  static final int BYTES = 64;

  static final int CREATE_SUBMISSION_QUEUE = 0x01;
  static final int CREATE_COMPLETION_QUEUE = 0x05;
  static final int IDENTIFY = 0x06;
  static final int ABORT = 0x08;
  static final int SET_FEATURES = 0x09;

  static final int FLUSH = 0x00;
  static final int WRITE = 0x01;
  static final int READ = 0x02;

  private static final int COMMAND_ID_SHIFT = 16;
  private static final int NAMESPACE = 4;
  private static final int PRP1 = 24;
  private static final int PRP2 = 32;
  private static final int DWORD10 = 40;
  private static final int DWORD11 = 44;
  private static final int DWORD12 = 48;

  private Submission() {}

  /** Writes a whole entry; what has no parameter is 0. */
  static void put(
      MemorySegment queue,
      long at,
      int opcode,
      int commandId,
      int namespace,
      long prp1,
      long prp2,
      int dword10,
      int dword11,
      int dword12) {
    for (int i = 0; i < BYTES; i += Long.BYTES) {
      queue.set(LONG, at + i, 0);
    }
    queue.set(INT, at, opcode | commandId << COMMAND_ID_SHIFT);
    queue.set(INT, at + NAMESPACE, namespace);
    queue.set(LONG, at + PRP1, prp1);
    queue.set(LONG, at + PRP2, prp2);
    queue.set(INT, at + DWORD10, dword10);
    queue.set(INT, at + DWORD11, dword11);
    queue.set(INT, at + DWORD12, dword12);
  }
}
