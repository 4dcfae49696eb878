// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.examples.nvme;

import static io.iommufd4j.examples.nvme.LittleEndian.LONG;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Blocks of one page that say what they are: number, generation, a pattern of both, and a CRC32C
 * over all of it. Nothing here allocates once it is made.
 */
final class BlockCheck {

  static final int BYTES = DmaMemory.PAGE;

  /** The result of checking a block. */
  enum Finding {
    /** The block of that number and generation. */
    RIGHT,
    /** Nothing was written over what {@link #blank} left. */
    MISSING,
    /** No whole block at all. */
    DAMAGED,
    /** That block, of an older generation. */
    OLD,
    /** A whole block of another number, or of a generation that was not written yet. */
    FOREIGN
  }

  private static final long BLANK = 0x6b6e616c62L;
  private static final long ODD = 0x9e37_79b9_7f4a_7c15L;
  private static final int NUMBER = 0;
  private static final int GENERATION = 8;
  private static final int PATTERN = 16;
  private static final int CHECKSUM = BYTES - Long.BYTES;

  private final MemorySegment memory;
  private final ByteBuffer bytes;
  private final CRC32C crc = new CRC32C();

  /** Blocks in memory, counted from its start. */
  BlockCheck(MemorySegment memory) {
    this.memory = memory;
    this.bytes = memory.asByteBuffer();
  }

  /** Writes a block into memory. */
  void fill(int index, long number, int generation) {
    long at = (long) index * BYTES;
    memory.set(LONG, at + NUMBER, number);
    memory.set(LONG, at + GENERATION, generation);
    long value = number * ODD ^ generation;
    for (int i = PATTERN; i < CHECKSUM; i += Long.BYTES) {
      value += ODD;
      memory.set(LONG, at + i, value);
    }
    memory.set(LONG, at + CHECKSUM, checksum(index));
  }

  /** Makes sure that a block which never arrives is not taken for one that did. */
  void blank(int index) {
    memory.set(LONG, (long) index * BYTES + NUMBER, BLANK);
  }

  /** Looks at a block in memory, which should have this number and generation. */
  Finding check(int index, long number, int generation) {
    long at = (long) index * BYTES;
    long itsNumber = memory.get(LONG, at + NUMBER);
    if (itsNumber == BLANK) {
      return Finding.MISSING;
    }
    if (memory.get(LONG, at + CHECKSUM) != checksum(index)) {
      return Finding.DAMAGED;
    }
    long itsGeneration = memory.get(LONG, at + GENERATION);
    if (itsNumber != number || itsGeneration > generation) {
      return Finding.FOREIGN;
    }
    return itsGeneration == generation ? Finding.RIGHT : Finding.OLD;
  }

  // Never 0 as a whole, so that a page of zeros is no block.
  private long checksum(int index) {
    int start = index * BYTES;
    bytes.limit(start + CHECKSUM).position(start);
    crc.reset();
    crc.update(bytes);
    return crc.getValue() | 1L << 32;
  }
}
