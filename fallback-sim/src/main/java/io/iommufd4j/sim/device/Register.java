// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.device;

/**
 * A register in a BAR.
 *
 * @param offset bytes from the BAR's start, a multiple of {@code bytes}
 * @param bytes 4 or 8
 */
public record Register(int offset, int bytes) {

  /** {@return a register of 32 bits} */
  public static Register word(int offset) {
    return new Register(offset, Integer.BYTES);
  }

  /** {@return a register of 64 bits} */
  public static Register wide(int offset) {
    return new Register(offset, Long.BYTES);
  }
}
