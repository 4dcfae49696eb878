// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.uapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class IovaRangeTest {

  private static final IovaRange ALL = new IovaRange(0, -1);
  private static final IovaRange MSI = new IovaRange(0xfee0_0000L, 0xfeef_ffffL);

  @Test
  void bothEndsBelongToIt() {
    assertTrue(MSI.contains(MSI.start()));
    assertTrue(MSI.contains(MSI.last()));
    assertFalse(MSI.contains(MSI.start() - 1));
    assertFalse(MSI.contains(MSI.last() + 1));
  }

  @Test
  void endsAreUnsigned() {
    assertTrue(ALL.contains(Long.MIN_VALUE));
    assertTrue(ALL.contains(MSI));
    assertFalse(MSI.contains(ALL));
    assertThrows(IllegalArgumentException.class, () -> new IovaRange(-1, 0));
  }

  @Test
  void rangesOverlapWhenTheyShareAnIova() {
    assertTrue(MSI.overlaps(new IovaRange(0, MSI.start())));
    assertTrue(MSI.overlaps(ALL));
    assertTrue(ALL.overlaps(MSI));
    assertFalse(MSI.overlaps(new IovaRange(0, MSI.start() - 1)));
  }

  @Test
  void aRangeAcrossAGapIsNotAllowed() {
    var ranges =
        new IovaRanges(
            List.of(new IovaRange(0, MSI.start() - 1), new IovaRange(MSI.last() + 1, -1)), 4096);
    assertTrue(ranges.allow(new IovaRange(0x1000, 0x1fff)));
    assertFalse(ranges.allow(MSI));
    assertFalse(ranges.allow(ALL));
  }

  @Test
  void aRangePrintsAsTheFieldWritesIt() {
    assertEquals("0xfee00000-0xfeefffff", MSI.toString());
    assertEquals("0x0-0xffffffffffffffff", ALL.toString());
  }
}
