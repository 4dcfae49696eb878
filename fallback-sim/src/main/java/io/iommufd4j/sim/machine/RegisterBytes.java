// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.machine;

import io.iommufd4j.sim.function.DescribedFunction;
import io.iommufd4j.sim.pci.PciConfigSpace;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** All configuration registers of a function, as bytes. Two of the same bytes are equal. */
public final class RegisterBytes {

  private final int size;

  /**
   * Up to the last one that is not 0: most functions of PCI Express have little behind the first.
   */
  private final byte[] used;

  private RegisterBytes(byte[] bytes) {
    size = bytes.length;
    int end = size;
    while (end > 0 && bytes[end - 1] == 0) {
      end--;
    }
    used = Arrays.copyOf(bytes, end);
  }

  /** Registers of a function after the firmware has been there, as {@code DescribedFunction}'s. */
  public static PciConfigSpace powerOn(
      boolean express,
      int vendor,
      int device,
      int classRevision,
      int subsystemVendor,
      int subsystem) {
    return DescribedFunction.powerOn(
        express, vendor, device, classRevision, subsystemVendor, subsystem);
  }

  /** The registers as they stand. */
  public static RegisterBytes of(PciConfigSpace config) {
    return new RegisterBytes(config.bytes());
  }

  /**
   * Registers with these bytes.
   *
   * @param bytes 256, or 4096 of a PCI Express function
   */
  public static RegisterBytes of(byte[] bytes) {
    return new RegisterBytes(bytes);
  }

  /** Registers of a function that hold these. */
  public PciConfigSpace config() {
    return PciConfigSpace.found(used, size);
  }

  /** The bytes. */
  public byte[] bytes() {
    return Arrays.copyOf(used, size);
  }

  /** A register of one, two or four bytes. */
  public int read(int offset, int bytes) {
    int value = 0;
    for (int i = 0; i < bytes && offset + i < used.length; i++) {
      value |= (used[offset + i] & 0xff) << (8 * i);
    }
    return value;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof RegisterBytes registers
        && size == registers.size
        && Arrays.equals(used, registers.used);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(used);
  }

  @Override
  public String toString() {
    return size + " bytes: " + HexFormat.of().formatHex(used);
  }
}
