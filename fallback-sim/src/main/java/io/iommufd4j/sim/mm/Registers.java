// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.mm;

/** A device's registers, which lie at physical addresses that are not memory. */
public interface Registers {

  /**
   * A read that reaches them.
   *
   * @param at bytes from the start, a multiple of {@code bytes}
   * @param bytes 1, 2, 4 or 8
   */
  long read(long at, int bytes);

  /** A write that reaches them; as {@link #read}. */
  void write(long at, int bytes, long value);
}
