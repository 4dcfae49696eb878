// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.extension;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The list of divergences names tests that there are, each once. */
final class DivergencesTest {

  @Test
  void everyRowNamesATest() throws ClassNotFoundException {
    for (Divergences.Divergence row : Divergences.all()) {
      String[] parts = row.test().split("[#\\[]", 3);
      Class<?> type = Class.forName(TestId.ROOT + parts[0]);
      assertTrue(
          Arrays.stream(type.getDeclaredMethods()).anyMatch(m -> m.getName().equals(parts[1])),
          () -> row + " names no test");
    }
  }

  @Test
  void noTestIsListedTwice() {
    List<String> keys = Divergences.all().stream().map(d -> d.test() + " " + d.iommu()).toList();
    assertEquals(keys.size(), new HashSet<>(keys).size());
  }
}
