// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.examples.nvme;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** Bytes as the controller reads them. */
final class EncodingTest {

  private static final long BUFFER = 0x1_2345_6000L;
  private static final long LIST = 0x7_8000L;

  @Test
  void aReadOfEightBlocks() {
    MemorySegment queue = MemorySegment.ofArray(new long[24]);
    queue.fill((byte) 0xff);
    Submission.put(
        queue, 64, Submission.READ, 0x1f, 1, BUFFER, BUFFER + 4096, 0x89ab_cdef, 0x0123_4567, 7);
    String entry =
        "02001f00"
            + "01000000" // opcode, command id; namespace
            + "0000000000000000"
            + "0000000000000000" // reserved; metadata
            + "0060452301000000"
            + "0070452301000000" // the two PRPs
            + "efcdab89"
            + "67452301" // the first block
            + "07000000" // blocks, zero-based
            + "000000000000000000000000";
    byte[] bytes = queue.toArray(ValueLayout.JAVA_BYTE);
    assertEquals(entry, HexFormat.of().formatHex(bytes, 64, 128));
    assertEquals("ff".repeat(64), HexFormat.of().formatHex(bytes, 0, 64), "the entry before");
    assertEquals("ff".repeat(64), HexFormat.of().formatHex(bytes, 128, 192), "the entry after");
  }

  @Test
  void prpsOfOneAndTwoPagesTakeNoList() {
    assertEquals(0, Prps.second(BUFFER, LIST, 1));
    assertEquals(BUFFER + 4096, Prps.second(BUFFER, LIST, 2));
    assertEquals(0, Prps.listBytes(2));
  }

  @Test
  void prpsOfMorePagesAreListed() {
    assertEquals(LIST, Prps.second(BUFFER, LIST, 3));
    assertEquals(24, Prps.listBytes(4));
    long[] list = new long[4];
    Prps.fillList(MemorySegment.ofArray(list), BUFFER, 4);
    assertArrayEquals(new long[] {BUFFER + 4096, BUFFER + 8192, BUFFER + 12288, 0}, list);
  }

  @Test
  void capabilitiesAreThoseOfTheirBits() {
    long cap = 0x0000_0002_0f01_07ffL; // 2048 entries, 7.5 s, doorbells 16 bytes apart
    assertEquals(2048, NvmeRegisters.maxEntries(cap));
    assertEquals(7500, NvmeRegisters.readyMillis(cap));
    assertEquals(16, NvmeRegisters.doorbellStride(cap));
    assertEquals(4096, NvmeRegisters.minPage(cap));
    assertEquals(16384, NvmeRegisters.minPage(cap | 2L << 48));
    assertTrue(NvmeRegisters.plausible(cap));
    assertFalse(NvmeRegisters.plausible(0));
    assertFalse(NvmeRegisters.plausible(0xffff_ffff_ffff_ffffL));
  }
}
