// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** The numbers and bytes are those of {@code linux/iommufd.h}. */
final class ViommuDataTest {

  @Test
  void smmuHasNoBlock() {
    ViommuData smmu = new ViommuData.SmmuV3();
    assertEquals(1, smmu.type());
    assertEquals(MemorySegment.NULL, smmu.allocate(Arena.ofAuto()));
    assertEquals(smmu, smmu.answered(MemorySegment.NULL));
  }

  @Test
  void kernelAnswersWhereRegistersAreToBeMapped() {
    ViommuData tegra = ViommuData.Tegra241Cmdqv.unanswered();
    assertEquals(2, tegra.type());
    MemorySegment block = tegra.allocate(Arena.ofAuto());
    assertEquals(16, block.byteSize());
    block.set(ValueLayout.JAVA_LONG, 0, 0x4000);
    block.set(ValueLayout.JAVA_LONG, 8, 0x1_0000);
    assertEquals(new ViommuData.Tegra241Cmdqv(0x4000, 0x1_0000), tegra.answered(block));
  }

  @Test
  void unknownKindKeepsWhatWasAnswered() {
    ViommuData raw = new ViommuData.Raw(99, MemorySegment.ofArray(new byte[] {1, 2, 3}));
    MemorySegment block = raw.allocate(Arena.ofAuto());
    block.set(ValueLayout.JAVA_BYTE, 1, (byte) 9);
    var answered = assertInstanceOf(ViommuData.Raw.class, raw.answered(block));
    assertEquals(99, answered.type());
    assertEquals(-1, MemorySegment.ofArray(new byte[] {1, 9, 3}).mismatch(answered.block()));
    ViommuData none = new ViommuData.Raw(99, MemorySegment.NULL);
    assertEquals(MemorySegment.NULL, none.allocate(Arena.ofAuto()));
  }
}
