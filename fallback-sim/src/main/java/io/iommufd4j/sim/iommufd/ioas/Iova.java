// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.ioas;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;

/** Arithmetic on IOVAs: 64-bit byte addresses without a sign, ranges with an inclusive last. */
public final class Iova {

  /** The highest one ({@code ULONG_MAX}). */
  public static final long MAX = -1L;

  private Iova() {}

  /** Unsigned {@code a < b}. */
  public static boolean below(long a, long b) {
    return Long.compareUnsigned(a, b) < 0;
  }

  /** Unsigned {@code a > b}. */
  public static boolean above(long a, long b) {
    return Long.compareUnsigned(a, b) > 0;
  }

  /** The lower of two. */
  public static long min(long a, long b) {
    return below(a, b) ? a : b;
  }

  /** The higher of two. */
  public static long max(long a, long b) {
    return above(a, b) ? a : b;
  }

  /**
   * Inclusive last of a range.
   *
   * @param length in bytes, not 0
   * @throws Refused EOVERFLOW when it runs past the highest address
   */
  public static long last(long start, long length) {
    long last = start + length - 1;
    if (below(last, start)) {
      throw Refused.with(Errno.EOVERFLOW);
    }
    return last;
  }
}
