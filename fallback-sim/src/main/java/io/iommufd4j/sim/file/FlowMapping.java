// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.file;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A mapping to be written, on one line. */
final class FlowMapping {

  private final Map<String, Object> fields = new LinkedHashMap<>();

  void put(String key, Object value) {
    fields.put(key, value);
  }

  void hex(String key, long value) {
    put(key, "0x" + Long.toHexString(value));
  }

  /** Its fields on a line each. */
  String block(String separator) {
    return joined().collect(Collectors.joining(separator));
  }

  private Stream<String> joined() {
    return fields.entrySet().stream().map(field -> field.getKey() + ": " + field.getValue());
  }

  @Override
  public String toString() {
    return joined().collect(Collectors.joining(", ", "{", "}"));
  }
}
