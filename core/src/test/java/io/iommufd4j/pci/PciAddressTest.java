// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PciAddressTest {

  @ParameterizedTest
  @CsvSource({
    "0000:02:01.0, 0000:02:01.0",
    "02:01.0, 0000:02:01.0",
    "2:1.7, 0000:02:01.7",
    "10000:E1:1F.3, 10000:e1:1f.3",
    "7fffffff:ff:1f.7, 7fffffff:ff:1f.7",
    "' 00:08.1 ', 0000:00:08.1",
  })
  void shortAndFullFormsPrintInFull(String text, String full) {
    assertTrue(PciAddress.looksLike(text));
    assertEquals(full, PciAddress.parse(text).toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "vfio0", "0000:02:01", "02:01", "0000:02.0", "g0:00.0", "00:08.00", "::."})
  void otherTextIsToldWhatWasExpected(String text) {
    var refused = assertThrows(IllegalArgumentException.class, () -> PciAddress.parse(text));
    assertEquals(
        "'"
            + text
            + "' is not a PCI address: expected [domain:]bus:device.function in hex, as"
            + " 0000:02:01.0 or 02:01.0",
        refused.getMessage());
    assertFalse(PciAddress.looksLike(text));
  }

  @ParameterizedTest
  @CsvSource({
    "00:20.0, device 20 is not within 0..1f",
    "00:08.8, function 8 is not within 0..7",
    "80000000:00:00.0, domain is above 7fffffff",
  })
  void aPartOutOfRangeIsNamed(String text, String why) {
    var refused = assertThrows(IllegalArgumentException.class, () -> PciAddress.parse(text));
    assertEquals("'" + text + "' is not a PCI address: " + why, refused.getMessage());
  }

  @Test
  void sortAsTheBusIsWalked() {
    var walked =
        Stream.of("10000:00:00.0", "0000:0a:00.0", "0000:09:1f.0", "0000:09:02.1", "0000:09:02.0")
            .map(PciAddress::parse)
            .sorted()
            .map(PciAddress::toString)
            .toList();
    assertEquals(
        List.of("0000:09:02.0", "0000:09:02.1", "0000:09:1f.0", "0000:0a:00.0", "10000:00:00.0"),
        walked);
  }
}
