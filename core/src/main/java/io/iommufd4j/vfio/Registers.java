// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio;

import io.iommufd4j.error.KernelException;

/**
 * Registers or memory of a device, little-endian whatever the host is. Offsets are in bytes from
 * the start of the region, and a multiple of the width.
 *
 * <p>Every access reaches the device, once and in one piece, in the order of the program: what a
 * thread wrote to memory before it writes a register is there when the device looks. Reads beyond
 * the region throw {@link IndexOutOfBoundsException}. Nothing here allocates on the Java heap on a
 * host's own kernel.
 *
 * <p>Methods throw {@link KernelException} where an access is a system call: {@code EIO} when the
 * device's memory is switched off, {@code EINVAL} before bind.
 */
public sealed interface Registers permits RegionFile, MappedRegion, DeviceRegion {

  /** {@return the number of bytes there are} */
  long byteSize();

  /**
   * {@return 8 bits, from 0 to 255}
   *
   * @param offset in bytes
   */
  int read8(long offset);

  /**
   * {@return 16 bits, from 0 to 65535}
   *
   * @param offset in bytes, a multiple of 2
   */
  int read16(long offset);

  /**
   * {@return 32 bits, unsigned}
   *
   * @param offset in bytes, a multiple of 4
   */
  int read32(long offset);

  /**
   * {@return 64 bits, unsigned}
   *
   * @param offset in bytes, a multiple of 8
   */
  long read64(long offset);

  /**
   * Writes the low 8 bits.
   *
   * @param offset in bytes
   * @param value other bits are ignored
   */
  void write8(long offset, int value);

  /**
   * Writes the low 16 bits.
   *
   * @param offset in bytes, a multiple of 2
   * @param value other bits are ignored
   */
  void write16(long offset, int value);

  /**
   * Writes 32 bits.
   *
   * @param offset in bytes, a multiple of 4
   * @param value unsigned
   */
  void write32(long offset, int value);

  /**
   * Writes 64 bits.
   *
   * @param offset in bytes, a multiple of 8
   * @param value unsigned
   */
  void write64(long offset, long value);
}
