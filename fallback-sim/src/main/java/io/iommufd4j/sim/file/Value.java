// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.file;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * A value of a file in its place, read as what is wanted there.
 *
 * @param key with those above it, as {@code functions[2].class}
 */
record Value(YamlText source, String key, Node node) {

  private static final Pattern SIZE = Pattern.compile("(\\d{1,18})([KMGT]?)");
  private static final int KILO = 10;
  private static final String UNITS = "KMGT";

  /** A mistake in this value. */
  BadFileException wrong(String what) {
    return wrongAt(line(), what);
  }

  /** A mistake in one of this value's lines. */
  BadFileException wrongAt(int line, String what) {
    return new BadFileException(source.file(), line, key.isEmpty() ? "machine" : key, what);
  }

  int line() {
    return YamlText.line(node.getStartMark());
  }

  /** A scalar as it is written. */
  String text() {
    if (node instanceof ScalarNode scalar) {
      return scalar.getValue();
    }
    throw wrong("is a " + shape() + "; it wants a single value");
  }

  /** The line that the first line of a scalar's text is on. */
  int textLine() {
    boolean block =
        node instanceof ScalarNode scalar && scalar.getScalarStyle() == ScalarStyle.LITERAL;
    return line() + (block ? 1 : 0);
  }

  private String shape() {
    if (node instanceof MappingNode) {
      return "mapping";
    }
    return node instanceof SequenceNode ? "list" : "value";
  }

  /**
   * A text of a form.
   *
   * @param example what would be right
   */
  Matcher matching(Pattern form, String example) {
    String text = text();
    Matcher matcher = form.matcher(text);
    if (!matcher.matches()) {
      throw wrong("'" + text + "' is none; it wants " + example);
    }
    return matcher;
  }

  /** A number within bounds, decimal or in hexadecimal with 0x; compared without a sign. */
  long number(long least, long most) {
    String text = text().replace("_", "");
    long number;
    try {
      number =
          text.startsWith("0x")
              ? Long.parseUnsignedLong(text.substring(2), 16)
              : Long.parseUnsignedLong(text);
    } catch (NumberFormatException e) {
      throw wrong("'" + text() + "' is no number; it wants " + bounds(least, most));
    }
    if (Long.compareUnsigned(number, least) < 0 || Long.compareUnsigned(number, most) > 0) {
      throw wrong(text() + " is out of range; it wants " + bounds(least, most));
    }
    return number;
  }

  private static String bounds(long least, long most) {
    if (least == 0 && most == -1) {
      return "a number of 64 bits, as 0x1000";
    }
    return "a number from 0x%x to 0x%x".formatted(least, most);
  }

  /** A number that fits an int. */
  int small(int least, int most) {
    return (int) number(least, Integer.toUnsignedLong(most));
  }

  /** Bytes, as {@code 128K}. */
  long size() {
    String text = text();
    if (text.startsWith("0x")) {
      return number(1, Long.MAX_VALUE);
    }
    Matcher size = matching(SIZE, "bytes, as 4096, 128K or 16M");
    int shift = size.group(2).isEmpty() ? 0 : KILO * (UNITS.indexOf(size.group(2)) + 1);
    long number = Long.parseLong(size.group(1));
    if (number == 0 || number > Long.MAX_VALUE >> shift) {
      throw wrong(text + " is out of range; it wants bytes, as 4096, 128K or 16M");
    }
    return number << shift;
  }

  boolean truth() {
    return one(Map.of("true", true, "false", false));
  }

  /** One of the values that have names. */
  <T> T one(Map<String, T> named) {
    String text = text();
    T value = named.get(text);
    if (value == null) {
      throw wrong(
          "there is no '"
              + text
              + "'; it wants one of "
              + String.join(", ", named.keySet().stream().sorted().toList()));
    }
    return value;
  }

  /** The items of a list. */
  List<Value> items() {
    if (node instanceof SequenceNode sequence) {
      var items = new ArrayList<Value>();
      for (Node item : sequence.getValue()) {
        items.add(new Value(source, key + "[" + items.size() + "]", item));
      }
      return items;
    }
    throw wrong("is a " + shape() + "; it wants a list, each item behind a dash");
  }

  /**
   * The fields of a mapping.
   *
   * @param known the keys that it may have
   */
  Fields fields(List<String> known) {
    if (node instanceof MappingNode mapping) {
      return new Fields(this, mapping, known);
    }
    throw wrong("is a " + shape() + "; it wants a mapping of " + String.join(", ", known));
  }
}
