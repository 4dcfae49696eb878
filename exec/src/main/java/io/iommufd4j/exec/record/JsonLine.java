// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.record;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** An object of a line, whose values are what is expected of them, or the line is a bad one. */
final class JsonLine {

  private final int line;
  private final Map<?, ?> values;

  private JsonLine(int line, Map<?, ?> values) {
    this.line = line;
    this.values = values;
  }

  static JsonLine parse(int line, String text) {
    try {
      return new JsonLine(line, JSON.std.mapFrom(text));
    } catch (IOException | RuntimeException broken) {
      String cause = String.valueOf(broken.getMessage()).lines().findFirst().orElse("");
      throw new BadRecordingException(line, "no JSON object: " + cause);
    }
  }

  BadRecordingException bad(String message) {
    return new BadRecordingException(line, message);
  }

  private BadRecordingException not(String key, String expected) {
    return bad("\"" + key + "\" is not " + expected);
  }

  @Nullable String textOrNull(String key) {
    Object value = values.get(key);
    if (value != null && !(value instanceof String)) {
      throw not(key, "a string");
    }
    return (String) value;
  }

  String text(String key) {
    String value = textOrNull(key);
    if (value == null) {
      throw not(key, "there");
    }
    return value;
  }

  long number(String key) {
    return switch (values.get(key)) {
      case Integer small -> small;
      case Long large -> large;
      case null, default -> throw not(key, "a whole number");
    };
  }

  int number(String key, int least, int most) {
    long number = number(key);
    if (number < least || number > most) {
      throw not(key, "between " + least + " and " + most);
    }
    return (int) number;
  }

  /** A number of a file; 0 for null. */
  int file(String key) {
    return values.get(key) == null ? RecordedEvent.NO_FILE : number(key, 1, Integer.MAX_VALUE);
  }

  /** True or false; false when it is not there. */
  boolean flag(String key) {
    return switch (values.get(key)) {
      case Boolean flag -> flag;
      case null -> false;
      default -> throw not(key, "true or false");
    };
  }

  long hex(String key) {
    String text = text(key);
    try {
      if (text.startsWith("0x") && text.length() > 2 && text.charAt(2) != '+') {
        return Long.parseUnsignedLong(text, 2, text.length(), 16);
      }
    } catch (NumberFormatException tooLong) {
      // As one without 0x.
    }
    throw not(key, "a number of 64 bits in hexadecimal, as 0x1f");
  }

  int hex32(String key) {
    long number = hex(key);
    if (number >>> Integer.SIZE != 0) {
      throw not(key, "a number of 32 bits");
    }
    return (int) number;
  }

  long size(String key) {
    long bytes = hex(key);
    if (bytes < 0) {
      throw not(key, "a number of bytes");
    }
    return bytes;
  }

  byte @Nullable [] bytesOrNull(String key) {
    String text = textOrNull(key);
    try {
      return text == null ? null : HexFormat.of().parseHex(text);
    } catch (IllegalArgumentException odd) {
      throw not(key, "bytes of two hexadecimal digits each");
    }
  }

  byte[] bytes(String key) {
    byte[] bytes = bytesOrNull(key);
    if (bytes == null) {
      throw not(key, "there");
    }
    return bytes;
  }

  <T> List<T> list(String key, Function<JsonLine, T> element) {
    var list = new ArrayList<T>();
    for (Object one : elements(key)) {
      if (!(one instanceof Map<?, ?> object)) {
        throw not(key, "a list of objects");
      }
      list.add(element.apply(new JsonLine(line, object)));
    }
    return list;
  }

  List<String> texts(String key) {
    var list = new ArrayList<String>();
    for (Object one : elements(key)) {
      if (!(one instanceof String text)) {
        throw not(key, "a list of strings");
      }
      list.add(text);
    }
    return list;
  }

  private List<?> elements(String key) {
    if (values.get(key) instanceof List<?> list) {
      return list;
    }
    throw not(key, "a list");
  }
}
