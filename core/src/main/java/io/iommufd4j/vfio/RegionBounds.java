// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio;

/** The check of an offset, before an access of another region or a torn one. */
final class RegionBounds {

  private RegionBounds() {}

  /**
   * {@return the offset}
   *
   * @param width of the access in bytes
   * @param size of the region in bytes
   * @throws IndexOutOfBoundsException when the access leaves the region
   * @throws IllegalArgumentException when the offset is no multiple of the width
   */
  static long checked(long offset, long width, long size) {
    if (offset < 0 || offset > size - width) {
      throw new IndexOutOfBoundsException(
          width + " bytes at " + offset + " leave a region of " + size);
    }
    if (offset % width != 0) {
      throw new IllegalArgumentException(
          "an access of " + width + " bytes is aligned, unlike " + offset);
    }
    return offset;
  }
}
