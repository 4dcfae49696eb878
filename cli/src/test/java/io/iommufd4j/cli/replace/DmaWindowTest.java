// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.pci.ReservedRegion;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

final class DmaWindowTest {

  private static final long MIB = 1 << 20;

  @Test
  void whatLiesElsewhereIsNoHindrance() {
    var x86 = List.of(new ReservedRegion(0xfee00000L, 0xfeefffffL, "msi"));
    assertEquals(OptionalLong.of(16 * MIB), DmaWindow.find(8192, x86));
  }

  @Test
  void reservedRegionsAreSteppedOver() {
    var two =
        List.of(
            new ReservedRegion(16 * MIB + 4096, 16 * MIB + 8191, "direct"),
            new ReservedRegion(17 * MIB - 1, 17 * MIB, "reserved"));
    assertEquals(OptionalLong.of(18 * MIB), DmaWindow.find(8192, two));
  }

  @Test
  void theEndOfTheBuffersCountsToo() {
    var behind = List.of(new ReservedRegion(16 * MIB + 8192, 16 * MIB + 8192, "direct"));
    assertEquals(OptionalLong.of(16 * MIB), DmaWindow.find(8192, behind));
    assertEquals(OptionalLong.of(17 * MIB), DmaWindow.find(8193, behind));
  }

  @Test
  void regionsAboveHalfOfAllAddressesCompareUnsigned() {
    var top = List.of(new ReservedRegion(0xfd_0000_0000L, -1L, "reserved"));
    assertEquals(OptionalLong.of(16 * MIB), DmaWindow.find(8192, top));
  }

  @Test
  void aGroupThatReservesEverythingHasNoRoom() {
    var all = List.of(new ReservedRegion(0, -1L, "reserved"));
    assertEquals(OptionalLong.empty(), DmaWindow.find(8192, all));
  }
}
