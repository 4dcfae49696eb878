// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.switching;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.uapi.IovaRange;
import io.iommufd4j.uapi.IovaRanges;
import java.util.List;
import org.junit.jupiter.api.Test;

final class AreaLayoutTest {

  private static final long PAGE = 4096;

  private static IovaRanges ranges(IovaRange... ranges) {
    return new IovaRanges(List.of(ranges), PAGE);
  }

  @Test
  void lowAddressesAreLeftAlone() {
    long[] iovas = AreaLayout.of(ranges(new IovaRange(0, 0xffff_ffffL)), 2, PAGE);
    assertArrayEquals(new long[] {0x100_0000, 0x100_1000}, iovas);
  }

  @Test
  void whatIsReservedIsSteppedOver() {
    IovaRanges ranges = ranges(new IovaRange(0, 0x100_1fff), new IovaRange(0x200_0800, 0x200_2fff));
    long[] iovas = AreaLayout.of(ranges, 3, PAGE);
    assertArrayEquals(new long[] {0x100_0000, 0x100_1000, 0x200_1000}, iovas);
  }

  @Test
  void areasAreMultiplesOfTheirSize() {
    long size = 1L << 30;
    IovaRanges ranges = ranges(new IovaRange(0, 0xfedf_ffffL), new IovaRange(0xfef0_0000L, -1));
    long[] iovas = AreaLayout.of(ranges, 4, size);
    assertArrayEquals(new long[] {size, 2 * size, 4 * size, 5 * size}, iovas);
  }

  @Test
  void thereMayBeRoomForFewer() {
    assertEquals(1, AreaLayout.of(ranges(new IovaRange(0, 0x100_1ffe)), 5, PAGE).length);
    assertEquals(0, AreaLayout.of(ranges(new IovaRange(0, 0xffff)), 5, PAGE).length);
  }
}
