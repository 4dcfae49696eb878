// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.device.model;

import static io.iommufd4j.sim.device.model.LittleEndian.INT;
import static io.iommufd4j.sim.device.model.LittleEndian.LONG;

import java.lang.foreign.MemorySegment;

/**
 * A command: an entry of a submission queue.
 *
 * @param entry its 64 bytes
 */
record NvmeCommand(MemorySegment entry) {

  static final int BYTES = 64;

  private static final int DWORD10 = 40;

  int opcode() {
    return entry.get(INT, 0) & 0xff;
  }

  int id() {
    return entry.get(INT, 0) >>> 16;
  }

  /** Namespace it is for, unsigned. */
  int namespace() {
    return entry.get(INT, 4);
  }

  /** First of the two pointers to its data. */
  long data() {
    return entry.get(LONG, 24);
  }

  /** The second one: to a page, or to a list of pages. */
  long more() {
    return entry.get(LONG, 32);
  }

  /** Dword 10 and those behind it, from 0. */
  int parameter(int index) {
    return entry.get(INT, DWORD10 + 4L * index);
  }

  /** Half of a parameter, unsigned. */
  int low(int index) {
    return parameter(index) & 0xffff;
  }

  int high(int index) {
    return parameter(index) >>> 16;
  }

  /** Two parameters as one. */
  long wide(int index) {
    return ((long) parameter(index + 1) << Integer.SIZE) | (parameter(index) & 0xffff_ffffL);
  }
}
