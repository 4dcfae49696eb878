// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** The page tables of one VT-d that another can walk ({@code paging_domain_compatible}). */
final class VtdRegistersTest {

  private static final int DIRTY = IOMMU_HWPT_ALLOC_DIRTY_TRACKING();
  private static final long GIB_PAGES = 1L << 56;
  private static final long FIVE_LEVELS = 1L << 60;

  private static final VtdRegisters LEGACY = registers(IommuPreset.VTD, false);
  private static final VtdRegisters SCALABLE = registers(IommuPreset.VTD_SCALABLE, false);

  /** Both stages, coherent walks, dirty bits. */
  private static final VtdRegisters BOTH = registers(IommuPreset.VTD_SCALABLE, true);

  private static VtdRegisters registers(IommuPreset preset, boolean dirty) {
    return (VtdRegisters) preset.unit(dirty).registers();
  }

  @Test
  void aFirstStageTakesAnotherFirstStage() {
    assertTrue(SCALABLE.walks(SCALABLE, 0));
    assertTrue(BOTH.walks(SCALABLE, 0));
    assertFalse(LEGACY.walks(SCALABLE, 0), "legacy mode has none");
    assertFalse(SCALABLE.walks(BOTH, 0), "its walks see caches, and these do not");
  }

  @Test
  void theFirstStageLooksAtLevelsAndNotAtBits() {
    assertTrue(SCALABLE.narrowedTo(39).walks(SCALABLE, 0));
    var five =
        new VtdRegisters(SCALABLE.capability() | FIVE_LEVELS, SCALABLE.extended()).narrowedTo(57);
    assertEquals((1L << 56) - 1, five.apertureLast(0));
    assertFalse(SCALABLE.walks(five, 0));
    assertTrue(five.walks(SCALABLE, 0));
    var small = new VtdRegisters(SCALABLE.capability() & ~GIB_PAGES, SCALABLE.extended());
    assertFalse(small.walks(SCALABLE, 0));
    assertTrue(SCALABLE.walks(small, 0));
  }

  @Test
  void theSecondStageTakesNoMoreBitsThanItHas() {
    assertTrue(LEGACY.walks(LEGACY, 0));
    assertTrue(LEGACY.walks(LEGACY.narrowedTo(39), 0));
    assertFalse(LEGACY.narrowedTo(39).walks(LEGACY, 0));
  }

  @Test
  void theSecondStageTakesHardwareThatHasIt() {
    assertTrue(BOTH.walks(BOTH, DIRTY));
    assertFalse(SCALABLE.walks(BOTH, DIRTY), "the first stage alone");
    assertFalse(SCALABLE.walks(LEGACY, 0), "the first stage alone");
    assertTrue(BOTH.walks(LEGACY, 0));
  }
}
