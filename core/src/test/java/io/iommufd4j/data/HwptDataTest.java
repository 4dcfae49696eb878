// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.iommufd4j.uapi.FaultQueueId;
import io.iommufd4j.uapi.HwptFlag;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The numbers and bytes are those of {@code linux/iommufd.h}. */
final class HwptDataTest {

  private static long[] words(HwptData data, int type) {
    assertEquals(type, data.type());
    try (Arena arena = Arena.ofConfined()) {
      return data.allocate(arena).toArray(ValueLayout.JAVA_LONG);
    }
  }

  @Test
  void eachFormatHasItsLayout() {
    assertArrayEquals(new long[0], words(new HwptData.None(), 0));
    var flags = Set.of(VtdFirstStageFlag.SUPERVISOR_REQUESTS, VtdFirstStageFlag.WRITE_PROTECT);
    var vtd = new HwptData.VtdFirstStage(flags, 0x1234_5000L, 57);
    assertArrayEquals(new long[] {5, 0x1234_5000L, 57}, words(vtd, 1));
    var none = new HwptData.VtdFirstStage(Set.of(VtdFirstStageFlag.EXTENDED_ACCESSED), 0, 48);
    assertArrayEquals(new long[] {2, 0, 48}, words(none, 1));
    assertArrayEquals(new long[] {11, -1}, words(new HwptData.SmmuV3(11, -1), 2));
    assertArrayEquals(new long[] {1, 2, 3, 4}, words(new HwptData.AmdGuest(1, 2, 3, 4), 3));
  }

  @Test
  void unknownFormatIsCopied() {
    var block = MemorySegment.ofArray(new byte[] {1, 2, 3});
    HwptData raw = new HwptData.Raw(99, block);
    assertEquals(99, raw.type());
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment copy = raw.allocate(arena);
      assertEquals(-1, copy.mismatch(block));
      assertEquals(0, copy.address() % Long.BYTES);
      assertNotEquals(copy, block);
    }
  }

  @Test
  void specIsMadePieceByPiece() {
    var queue = new FaultQueueId(7);
    HwptSpec spec = HwptSpec.of(HwptFlag.PASID).withFaultQueue(queue);
    assertEquals(
        new HwptSpec(Set.of(HwptFlag.PASID), Optional.of(queue), new HwptData.None()), spec);
    HwptSpec nested = HwptSpec.nested(new HwptData.SmmuV3(1, 0)).withFlags(HwptFlag.PASID);
    assertEquals(
        new HwptSpec(Set.of(HwptFlag.PASID), Optional.empty(), new HwptData.SmmuV3(1, 0)), nested);
  }
}
