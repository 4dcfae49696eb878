// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest;

import static io.iommufd4j.conformance.selftest.ResultTable.UNKNOWN;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The table of counterparts names the kernel's cases and our tests as they are. */
final class CounterpartsTest {

  private final ResultTable table = new ResultTable();

  @Test
  void everyCaseHasACounterpart() {
    assertEquals(new TreeSet<>(table.cases().keySet()), new TreeSet<>(Counterparts.all().keySet()));
  }

  @Test
  void tableNamesTheTests() {
    var named = new TreeMap<String, String>();
    table.rows().forEach((name, row) -> named.put(name, row.test()));
    assertEquals(Counterparts.all(), named);
  }

  @Test
  void everyResultIsKnown() {
    var unknown = new TreeMap<>(table.rows());
    unknown
        .values()
        .removeIf(row -> !row.lab().equals(UNKNOWN) && !row.simulator().equals(UNKNOWN));
    assertEquals(new TreeMap<>(), unknown);
  }
}
