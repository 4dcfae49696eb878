// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.uapi;

/**
 * A piece of the machine's memory, or of a device's registers, as a device sees it that no IOMMU
 * translates for. Both are unsigned 64-bit numbers.
 *
 * @param address physical address of its first byte
 * @param length bytes, more than 0
 */
public record PhysicalRange(long address, long length) {

  @Override
  public String toString() {
    return "0x" + Long.toHexString(address) + "+0x" + Long.toHexString(length);
  }
}
