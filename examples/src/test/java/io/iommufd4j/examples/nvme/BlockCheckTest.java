// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.examples.nvme;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.examples.nvme.BlockCheck.Finding;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class BlockCheckTest {

  private static final long NUMBER = 77;
  private static final int GENERATION = 5;

  private final MemorySegment memory = Arena.ofAuto().allocate(3L * BlockCheck.BYTES, 8);
  private final BlockCheck blocks = new BlockCheck(memory);

  private void flip(long at) {
    memory.set(ValueLayout.JAVA_BYTE, at, (byte) (memory.get(ValueLayout.JAVA_BYTE, at) ^ 0x10));
  }

  @Test
  void aBlockIsFoundWhereItWasWritten() {
    blocks.fill(1, NUMBER, GENERATION);
    assertEquals(Finding.RIGHT, blocks.check(1, NUMBER, GENERATION));
    assertEquals(Finding.DAMAGED, blocks.check(0, NUMBER, GENERATION), "before it");
    assertEquals(Finding.DAMAGED, blocks.check(2, NUMBER, GENERATION), "after it");
  }

  @Test
  void anOlderGenerationIsALostWrite() {
    blocks.fill(0, NUMBER, GENERATION - 1);
    assertEquals(Finding.OLD, blocks.check(0, NUMBER, GENERATION));
  }

  @Test
  void anotherBlockAndALaterGenerationAreForeign() {
    blocks.fill(0, NUMBER + 1, GENERATION);
    assertEquals(Finding.FOREIGN, blocks.check(0, NUMBER, GENERATION));
    blocks.fill(0, NUMBER, GENERATION + 1);
    assertEquals(Finding.FOREIGN, blocks.check(0, NUMBER, GENERATION));
  }

  @Test
  void whatNeverArrivesIsMissing() {
    blocks.fill(0, NUMBER, GENERATION); // what a command before left
    blocks.blank(0);
    assertEquals(Finding.MISSING, blocks.check(0, NUMBER, GENERATION));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 8, 16, 2048, 4087, 4088, 4095})
  void oneBitDamagesABlock(long at) {
    blocks.fill(0, NUMBER, GENERATION);
    flip(at);
    assertEquals(Finding.DAMAGED, blocks.check(0, NUMBER, GENERATION));
  }

  @Test
  void aBlockOfTwoHalvesIsDamaged() {
    blocks.fill(0, NUMBER, GENERATION);
    blocks.fill(1, NUMBER, GENERATION - 1);
    MemorySegment.copy(memory, BlockCheck.BYTES, memory, 0, BlockCheck.BYTES / 2);
    assertEquals(Finding.DAMAGED, blocks.check(0, NUMBER, GENERATION));
  }
}
