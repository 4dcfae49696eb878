// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.machine;

import io.iommufd4j.sim.function.DescribedFunction;
import io.iommufd4j.sim.pci.PciConfigSpace;
import java.util.HexFormat;

/**
 * All configuration registers of a function, as bytes. Two of the same bytes are equal.
 *
 * @param hex two digits a byte: 256 bytes, or 4096 of a PCI Express function
 */
public record RegisterBytes(String hex) {

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
    return new RegisterBytes(HexFormat.of().formatHex(config.bytes()));
  }

  /** The bytes. */
  public byte[] bytes() {
    return HexFormat.of().parseHex(hex);
  }

  /** A register of one, two or four bytes. */
  public int read(int offset, int bytes) {
    int value = 0;
    for (int i = 0; i < bytes; i++) {
      int at = 2 * (offset + i);
      value |= HexFormat.fromHexDigits(hex, at, at + 2) << (8 * i);
    }
    return value;
  }
}
