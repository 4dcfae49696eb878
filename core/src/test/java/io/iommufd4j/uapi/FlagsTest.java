// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.uapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import org.junit.jupiter.api.Test;

/** Flags by the numbers of {@code linux/iommufd.h}. */
final class FlagsTest {

  @Test
  void accessOfAMapping() {
    assertEquals(4, Access.READ.flags());
    assertEquals(2, Access.WRITE.flags());
    assertEquals(7, Access.READ_WRITE.fixedFlags());
    assertTrue(Access.isFixed(Access.READ.fixedFlags()));
    assertFalse(Access.isFixed(Access.READ.flags()));
    assertTrue(Access.writes(Access.READ_WRITE.flags()));
    assertFalse(Access.writes(Access.READ.fixedFlags()));
  }

  @Test
  void usesOfAHwpt() {
    assertEquals(1, HwptFlag.NEST_PARENT.bit());
    assertEquals(0, HwptFlag.bits(Set.of()));
    assertEquals(10, HwptFlag.bits(Set.of(HwptFlag.DIRTY_TRACKING, HwptFlag.PASID)));
  }
}
