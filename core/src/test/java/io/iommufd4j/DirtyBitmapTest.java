// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class DirtyBitmapTest {

  private static final long BASE = 0x10_0000;
  private static final long PAGE = 4096;

  /** Pages 0, 63 and 64 of 70. */
  private final DirtyBitmap bitmap =
      new DirtyBitmap(BASE, PAGE, 70, new long[] {1L | 1L << 63, 1L});

  @Test
  void bitsStandForPagesFromTheRangesStart() {
    assertEquals(3, bitmap.dirtyPages());
    assertArrayEquals(
        new long[] {BASE, BASE + 63 * PAGE, BASE + 64 * PAGE}, bitmap.dirtyIovas().toArray());
  }

  @Test
  void anyIovaOfAPageTellsOfThePage() {
    assertTrue(bitmap.isDirty(BASE + PAGE - 1));
    assertFalse(bitmap.isDirty(BASE + PAGE));
    assertFalse(bitmap.isDirty(BASE + 69 * PAGE));
  }

  @Test
  void anIovaOutsideIsRefused() {
    assertThrows(IndexOutOfBoundsException.class, () -> bitmap.isDirty(BASE + 70 * PAGE));
    assertThrows(IndexOutOfBoundsException.class, () -> bitmap.isDirty(BASE - 1));
  }
}
