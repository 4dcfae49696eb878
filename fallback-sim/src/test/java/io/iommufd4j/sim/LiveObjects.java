// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.ObjectName;

/** The number of reachable objects of the simulator's classes, by class, after a collection. */
final class LiveObjects {

  private static final Pattern ROW = Pattern.compile("\\s*\\d+:\\s+(\\d+)\\s+(\\d+)\\s+(\\S+).*");

  private LiveObjects() {}

  /** Counts those of the simulator by class, but for lambdas: a JVM keeps what it once linked. */
  static Map<String, Long> count() {
    var counts = new TreeMap<String, Long>();
    histogram()
        .lines()
        .map(ROW::matcher)
        .filter(row -> row.matches() && row.group(3).startsWith("io.iommufd4j.sim."))
        .filter(row -> !row.group(3).contains("$$Lambda"))
        .forEach(row -> counts.put(row.group(3), Long.parseLong(row.group(1))));
    return counts;
  }

  /** The classes that have more objects than before. */
  static Map<String, Long> grownSince(Map<String, Long> before) {
    var grown = count();
    grown.entrySet().removeIf(now -> now.getValue() <= before.getOrDefault(now.getKey(), 0L));
    return grown;
  }

  /** Bytes that all objects of the JVM take that can be reached. */
  static long bytes() {
    return histogram()
        .lines()
        .map(ROW::matcher)
        .filter(row -> row.matches())
        .mapToLong(row -> Long.parseLong(row.group(2)))
        .sum();
  }

  private static String histogram() {
    try {
      return (String)
          ManagementFactory.getPlatformMBeanServer()
              .invoke(
                  new ObjectName("com.sun.management:type=DiagnosticCommand"),
                  "gcClassHistogram",
                  new Object[] {new String[0]},
                  new String[] {String[].class.getName()});
    } catch (JMException e) {
      throw new IllegalStateException(e);
    }
  }
}
