// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.program;

import static java.util.stream.Collectors.toUnmodifiableMap;

import io.iommufd4j.bindings.selftest.iommu_test_cmd;
import io.iommufd4j.bindings.selftest.selftest_h;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SequenceLayout;
import java.lang.foreign.UnionLayout;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Names of requests and of the fields in their blocks, for programs that people read. */
public final class BlockNames {

  /** The kernel's test request, which is no part of the UAPI. */
  public static final String TEST = "IOMMU_TEST_CMD";

  private static final Map<String, List<Named>> FIELDS =
      Stream.concat(Stream.of(TEST), Arrays.stream(Request.values()).map(Request::name))
          .collect(toUnmodifiableMap(name -> name, BlockNames::named));

  private BlockNames() {}

  /** The offset and width of a field, in bytes. */
  public record Place(int offset, int width) {}

  /** A field. */
  public record Named(String name, Place place) {}

  /** The number of a request that is named, or of one that is a number itself. */
  public static int number(String name) {
    if (name.startsWith("0x")) {
      return (int) Value.number(name);
    }
    return name.equals(TEST) ? selftest_h.IOMMU_TEST_CMD() : Request.valueOf(name).number();
  }

  /** The struct of a request, where it has one. */
  public static Optional<GroupLayout> layout(String name) {
    if (name.startsWith("0x")) {
      return Optional.empty();
    }
    return name.equals(TEST)
        ? Optional.of(iommu_test_cmd.layout())
        : Request.valueOf(name).layout();
  }

  /** All fields of a request's struct, in their order; none of a request that is a number. */
  public static List<Named> fields(String name) {
    return FIELDS.getOrDefault(name, List.of());
  }

  /** The place of a field that has a name. */
  public static Optional<Place> field(String request, String name) {
    return fields(request).stream()
        .filter(field -> field.name.equals(name))
        .map(Named::place)
        .findFirst();
  }

  private static List<Named> named(String request) {
    var places = new LinkedHashMap<String, Place>();
    layout(request).ifPresent(layout -> group(layout, 0, "", places));
    return places.entrySet().stream()
        .map(entry -> new Named(entry.getKey(), entry.getValue()))
        .toList();
  }

  private static void group(
      GroupLayout layout, long offset, String prefix, Map<String, Place> places) {
    long at = offset;
    for (MemoryLayout member : layout.memberLayouts()) {
      String name = member.name().orElse("");
      switch (member) {
        case ValueLayout value ->
            places.put(prefix + name, new Place((int) at, (int) value.byteSize()));
        case GroupLayout nested ->
            group(nested, at, name.startsWith("$anon") ? prefix : prefix + name + ".", places);
        case SequenceLayout array -> elements(array, at, prefix + name, places);
        default -> {}
      }
      if (!(layout instanceof UnionLayout)) {
        at += member.byteSize();
      }
    }
  }

  private static void elements(
      SequenceLayout array, long offset, String name, Map<String, Place> places) {
    if (array.elementLayout() instanceof ValueLayout value) {
      for (int i = 0; i < array.elementCount(); i++) {
        int width = (int) value.byteSize();
        places.put(name + "[" + i + "]", new Place((int) offset + i * width, width));
      }
    }
  }

  /** A field's name, or its place where it has none. */
  static String text(String request, int offset, int width) {
    var place = new Place(offset, width);
    return fields(request).stream()
        .filter(field -> field.place.equals(place))
        .map(Named::name)
        .findFirst()
        .orElse(offset + ":" + width);
  }

  /** Undoes {@link #text}. */
  public static Place place(String request, String text) {
    Optional<Place> place = field(request, text);
    if (place.isPresent()) {
      return place.get();
    }
    int colon = text.indexOf(':');
    return new Place(
        Integer.parseInt(text.substring(0, colon)), Integer.parseInt(text.substring(colon + 1)));
  }
}
