// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

import java.util.List;

/**
 * The first two double words of a context descriptor: a table for the lower addresses, in the
 * format of 64-bit ARM processors.
 */
record Smmuv3ContextDescriptor(long word0, long word1) {

  /** Bytes in a whole one. */
  static final long BYTES = 64;

  private static final long BIG_ENDIAN = 1L << 15;
  private static final long NO_LOWER_TABLE = 1L << 14;
  private static final long VALID = 1L << 31;
  private static final long NO_ACCESS_FAULTS = 1L << 35;
  private static final long FORMAT_64 = 1L << 41;
  private static final long HARDWARE_UPDATES = 3L << 42;
  private static final long STALLS = 1L << 44;
  private static final long RECORDS = 1L << 45;
  private static final long ABORTS = 1L << 46;
  private static final long TABLE = (1L << 52) - (1 << 4);
  private static final int LEAST_UNUSED = 16;
  private static final int MOST_UNUSED = 39;
  private static final List<Integer> GRANULE_BITS = List.of(12, 16, 14);

  /** True if an SMMU that neither stalls nor updates tables can use it. */
  boolean usable(Smmuv3Registers registers) {
    boolean offered = set(VALID) && set(FORMAT_64) && set(ABORTS);
    if (!offered || set(STALLS) || set(HARDWARE_UPDATES)) {
      return false;
    }
    if (set(NO_LOWER_TABLE)) {
      return true;
    }
    int unused = unusedBits();
    return unused >= LEAST_UNUSED
        && unused <= MOST_UNUSED
        && granule() < GRANULE_BITS.size()
        && !set(BIG_ENDIAN)
        && table() >>> outputBits(registers) == 0;
  }

  private boolean set(long bits) {
    return (word0 & bits) != 0;
  }

  private int unusedBits() {
    return (int) word0 & 0x3f;
  }

  private int granule() {
    return (int) word0 >> 6 & 3;
  }

  /** True if lower addresses are translated at all. */
  boolean hasTable() {
    return !set(NO_LOWER_TABLE);
  }

  /** The number of bits in an input address. */
  int inputBits() {
    return Long.SIZE - unusedBits();
  }

  /** The number of bits of an offset in the smallest page. */
  int granuleBits() {
    return GRANULE_BITS.get(granule());
  }

  /** The most bits that an output address may have. */
  int outputBits(Smmuv3Registers registers) {
    return Math.min(Smmuv3Registers.outputBits(word0 >>> 32), registers.outputBits());
  }

  /** True if an access to a page whose access flag is clear is no fault. */
  boolean ignoresAccessFlag() {
    return set(NO_ACCESS_FAULTS);
  }

  /** True if the guest wants faults recorded. */
  boolean recordsFaults() {
    return set(RECORDS);
  }

  /** The address of the table in the guest's memory. */
  long table() {
    return word1 & TABLE;
  }
}
