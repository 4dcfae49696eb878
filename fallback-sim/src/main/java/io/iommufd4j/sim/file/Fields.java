// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.file;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/** The fields of a mapping; unknown and repeated keys are mistakes. */
final class Fields {

  private final Value whole;
  private final Map<String, Value> values = new LinkedHashMap<>();

  Fields(Value whole, MappingNode mapping, List<String> known) {
    this.whole = whole;
    for (NodeTuple tuple : mapping.getValue()) {
      int line = YamlText.line(tuple.getKeyNode().getStartMark());
      if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
        throw whole.wrongAt(line, "a key is no word; there are " + String.join(", ", known));
      }
      String name = key.getValue();
      var value = new Value(whole.source(), path(name), tuple.getValueNode());
      if (!known.contains(name)) {
        throw value.wrongAt(line, "is no key here; there are " + String.join(", ", known));
      }
      if (values.put(name, value) != null) {
        throw value.wrongAt(line, "is there twice; one has to go");
      }
    }
  }

  private String path(String name) {
    return whole.key().isEmpty() ? name : whole.key() + "." + name;
  }

  /** The mapping itself. */
  Value whole() {
    return whole;
  }

  Optional<Value> find(String name) {
    return Optional.ofNullable(values.get(name));
  }

  /** A field that has to be there. */
  Value require(String name, String example) {
    return find(name)
        .orElseThrow(() ->
            new BadFileException(
                whole.source().file(),
                whole.line(),
                path(name),
                "is missing; it wants " + example));
  }

  boolean truth(String name) {
    return find(name).map(Value::truth).orElse(false);
  }

  /** A field that has no place beside another one. */
  void refuseWith(String name, String other) {
    find(name)
        .ifPresent(value -> {
          throw value.wrong("has no place beside " + other + "; one of them has to go");
        });
  }
}
