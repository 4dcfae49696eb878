package io.iommufd4j.conformance.selftest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The table of counterparts names the kernel's cases and our tests as they are. */
final class CounterpartsTest {

  private final ResultTable table = new ResultTable();

  @Test
  void counterpartsStandForCasesThatThereAre() {
    var unknown = new TreeSet<>(Counterparts.all().keySet());
    unknown.removeAll(table.cases().keySet());
    assertEquals(new TreeSet<>(), unknown);
  }

  @Test
  void tableNamesTheTests() {
    var named = new TreeMap<String, String>();
    for (String name : table.cases().keySet()) {
      table
          .row(name)
          .map(ResultTable.Row::test)
          .filter(test -> !test.equals(ResultTable.UNKNOWN))
          .ifPresent(test -> named.put(name, test));
    }
    assertEquals(Counterparts.all(), named);
  }
}
