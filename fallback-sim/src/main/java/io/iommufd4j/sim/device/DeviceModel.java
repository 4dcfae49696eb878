// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.device;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A device behind the BARs of a PCI function. It is made with its {@link DevicePort}, and its
 * methods are called one at a time. Interrupts that it raises in a call are delivered after it.
 */
public interface DeviceModel {

  /**
   * Answers a read of a BAR.
   *
   * @param bar from 0 to 5
   * @param offset within the BAR, a multiple of {@code bytes}
   * @param bytes 1, 2, 4 or 8
   * @return the value; bits beyond {@code bytes} do not matter
   */
  long read(int bar, long offset, int bytes);

  /**
   * Takes a write to a BAR.
   *
   * @param bar from 0 to 5
   * @param offset within the BAR, a multiple of {@code bytes}
   * @param bytes 1, 2, 4 or 8
   * @param value bits beyond {@code bytes} do not matter
   */
  void write(int bar, long offset, int bytes, long value);

  /** Starts anew: a function level reset, or a reset of its bus. */
  void reset();

  /**
   * {@return the registers that a program finds where it has the BAR mapped} No access of mapped
   * memory is trapped: a register counts as written when its value is another than the one that
   * shows. So a register that only starts something should read other than what is written to it.
   * Of values that a program writes between two looks the last counts; writes to several registers
   * are taken in the order of this list, so that those which start work stand at its end.
   *
   * @param bar from 0 to 5
   */
  default List<Register> registers(int bar) {
    return List.of();
  }

  /**
   * Tells what a register shows where the BAR is mapped. For registers that reading changes: this
   * changes nothing.
   *
   * @param bar from 0 to 5
   * @param register one of {@link #registers}
   * @return the value; what {@link #read} answers unless overridden
   */
  default long show(int bar, Register register) {
    return read(bar, register.offset(), register.bytes());
  }

  /**
   * Fills what a program finds between the {@link #registers} where the BAR is mapped; zeros unless
   * overridden. From then on that is plain memory.
   *
   * @param bar from 0 to 5
   * @param offset within the BAR at which the mapping begins
   * @param mapping to be filled
   */
  default void fill(int bar, long offset, MemorySegment mapping) {
    mapping.fill((byte) 0);
  }
}
