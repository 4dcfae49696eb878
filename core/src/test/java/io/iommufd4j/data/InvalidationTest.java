// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** Commands as the SMMUv3 and VT-d specifications have them, blocks as {@code linux/iommufd.h}. */
final class InvalidationTest {

  private static long[] words(Invalidation entry) {
    MemorySegment memory = Arena.ofAuto().allocate(entry.byteSize(), Long.BYTES);
    entry.write(memory);
    return memory.toArray(ValueLayout.JAVA_LONG);
  }

  @Test
  void commandsOfAnSmmu() {
    assertEquals(1, Invalidation.SmmuV3.everything().type());
    assertArrayEquals(new long[] {0x30, 0}, words(Invalidation.SmmuV3.everything()));
    assertArrayEquals(
        new long[] {0xffff_0000_0000_0011L, 0}, words(Invalidation.SmmuV3.addressSpace(0xffff)));
    assertArrayEquals(
        new long[] {0x0003_0000_0000_0012L, 0x1234_5000L},
        words(Invalidation.SmmuV3.address(3, 0x1234_5678L)));
    assertArrayEquals(
        new long[] {0xffff_fff0_0000_7005L, 1}, words(Invalidation.SmmuV3.context(-16, 7)));
    assertArrayEquals(
        new long[] {0x1234_0000_0006L, 0}, words(Invalidation.SmmuV3.allContexts(0x1234)));
  }

  @Test
  void rangesOfVtd() {
    var some = new Invalidation.VtdFirstStage(0x5000, 2, true);
    assertEquals(0, some.type());
    assertArrayEquals(new long[] {0x5000, 2, 1}, words(some));
    assertArrayEquals(new long[] {0, -1, 0}, words(Invalidation.VtdFirstStage.everything()));
  }

  @Test
  void unknownFormatIsCopied() {
    var raw = new Invalidation.Raw(7, MemorySegment.ofArray(new long[] {5}));
    assertEquals(7, raw.type());
    assertArrayEquals(new long[] {5}, words(raw));
  }
}
