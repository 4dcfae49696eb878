// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

/**
 * IOVAs of a group that no IOAS may map, as {@code reserved_regions} lists them.
 *
 * @param first first IOVA, unsigned
 * @param last last IOVA, unsigned and within the region
 * @param type {@code direct}, {@code direct-relaxable}, {@code reserved} or {@code msi}
 */
public record ReservedRegion(long first, long last, String type) {

  @Override
  public String toString() {
    return String.format("0x%x-0x%x %s", first, last, type);
  }
}
