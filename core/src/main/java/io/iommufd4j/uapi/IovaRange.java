// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.uapi;

/**
 * An interval of IOVAs ({@code struct iommu_iova_range}). Both ends are unsigned 64-bit numbers.
 *
 * @param start the first IOVA
 * @param last the last IOVA, itself within the range
 */
public record IovaRange(long start, long last) {

  /** Refuses a range that ends before it starts. */
  public IovaRange {
    if (Long.compareUnsigned(start, last) > 0) {
      throw new IllegalArgumentException(
          "an IOVA range ends before it starts: " + text(start, last));
    }
  }

  /**
   * {@return true if an IOVA lies within}
   *
   * @param iova unsigned
   */
  public boolean contains(long iova) {
    return Long.compareUnsigned(start, iova) <= 0 && Long.compareUnsigned(iova, last) <= 0;
  }

  /**
   * {@return true if the whole of another range lies within}
   *
   * @param other a range that may be the same one
   */
  public boolean contains(IovaRange other) {
    return contains(other.start) && contains(other.last);
  }

  /**
   * {@return true if any IOVA lies in both}
   *
   * @param other a range that may be the same one
   */
  public boolean overlaps(IovaRange other) {
    return contains(other.start) || other.contains(start);
  }

  @Override
  public String toString() {
    return text(start, last);
  }

  private static String text(long start, long last) {
    return "0x" + Long.toHexString(start) + "-0x" + Long.toHexString(last);
  }
}
