// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.switching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class AreaSizeTest {

  @ParameterizedTest
  @CsvSource({
    "512, 512, 512",
    "4096, 4096, 4K",
    "4K, 4096, 4K",
    "2M, 2097152, 2M",
    "1G, 1073741824, 1G",
    "512G, 549755813888, 512G"
  })
  void aSizeIsReadAndWritten(String text, long bytes, String shortest) {
    assertEquals(bytes, AreaSize.parse(text));
    assertEquals(shortest, AreaSize.text(bytes));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "-4K", "3K", "4k", "4KB", "K", "4 K", "99999999999"})
  void anythingElseIsRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> AreaSize.parse(text));
  }
}
