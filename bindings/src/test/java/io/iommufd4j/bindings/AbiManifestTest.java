// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.bindings;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.iommufd4j.bindings.AbiManifest.Constant;
import io.iommufd4j.bindings.AbiManifest.Field;
import io.iommufd4j.bindings.AbiManifest.Request;
import io.iommufd4j.bindings.AbiManifest.Row;
import io.iommufd4j.bindings.AbiManifest.Struct;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The bindings and the manifest say the same, in both directions: nothing is off, nothing is on one
 * side only.
 */
class AbiManifestTest {

  private static final AbiManifest MANIFEST = AbiManifest.read();

  @TestFactory
  Stream<DynamicNode> structs() {
    return MANIFEST
        .all(Struct.class)
        .map(struct ->
            dynamicContainer(
                struct.name(),
                Stream.concat(
                    Stream.of(dynamicTest("size, alignment and fields", () -> holds(struct))),
                    fields(struct).map(field -> dynamicTest(field.name(), () -> holds(field))))));
  }

  @TestFactory
  Stream<DynamicNode> constants() {
    return MANIFEST
        .all(Constant.class)
        .map(constant -> dynamicTest(constant.name(), () -> holds(constant)));
  }

  @TestFactory
  Stream<DynamicNode> requests() {
    return MANIFEST
        .all(Request.class)
        .map(request -> dynamicTest(request.name(), () -> holds(request)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"iommufd", "vfio", "libc", "pci", "selftest"})
  void everyBoundStructIsInTheManifest(String room) {
    assertSameNames(room, names(MANIFEST.all(Struct.class, room)), Generated.structs(room));
  }

  @ParameterizedTest
  @ValueSource(strings = {"iommufd", "vfio", "libc", "pci", "selftest"})
  void everyBoundConstantIsInTheManifest(String room) {
    assertSameNames(
        room,
        names(Stream.concat(MANIFEST.all(Constant.class, room), MANIFEST.all(Request.class, room))),
        Generated.constants(room));
  }

  private static void holds(Struct struct) {
    MemoryLayout layout = Generated.layout(struct.room(), struct.name());
    assertAll(
        struct.name(),
        () -> assertEquals(struct.size(), layout.byteSize(), "size in bytes"),
        () -> assertEquals(struct.alignment(), layout.byteAlignment(), "alignment in bytes"),
        () ->
            assertSameNames(
                struct.name(),
                names(fields(struct)),
                Generated.fields(struct.room(), struct.name())));
  }

  private static void holds(Field field) {
    MemoryLayout layout = Generated.layout(field.room(), field.struct(), field.name());
    long offset = Generated.offset(field.room(), field.struct(), field.name());
    assertAll(
        field.struct() + "." + field.name(),
        () -> assertEquals(field.offset(), offset, "offset in bytes"),
        () -> assertEquals(field.width(), layout.byteSize(), "width in bytes"),
        () -> holdsType(field, layout));
  }

  private static void holdsType(Field field, MemoryLayout layout) {
    if (layout instanceof GroupLayout) {
      // jextract names a struct inside a struct after its field: what is left to compare is what is
      // in it.
      assertEquals(
          Generated.layout(field.room(), field.type()).withName(field.name()), layout, "type");
    } else {
      assertEquals(shape(field.type()), Generated.shape(layout), "type");
    }
  }

  private static void holds(Constant constant) {
    Object bound = Generated.constant(constant.room(), constant.name());
    String value =
        switch (constant.type()) {
          case "s32" -> Integer.toString((int) bound);
          case "u32" -> Integer.toUnsignedString((int) bound);
          case "s64" -> Long.toString((long) bound);
          case "u64" -> Long.toUnsignedString((long) bound);
          case "text" -> ((MemorySegment) bound).getString(0);
          case "pointer" -> Long.toString(((MemorySegment) bound).address());
          default -> throw new AssertionError("a constant of type " + constant.type());
        };
    assertEquals(constant.value(), value, constant.name());
  }

  private static void holds(Request request) {
    assertEquals(
        request.number(), Generated.constant(request.room(), request.name()), request.name());
  }

  /** Says only what differs: the sets are long. */
  private static void assertSameNames(String of, Set<String> manifest, Set<String> bindings) {
    var onlyInManifest = new TreeSet<>(manifest);
    onlyInManifest.removeAll(bindings);
    var onlyInBindings = new TreeSet<>(bindings);
    onlyInBindings.removeAll(manifest);
    assertAll(
        of,
        () -> assertEquals(Set.of(), onlyInManifest, "in the manifest only"),
        () -> assertEquals(Set.of(), onlyInBindings, "in the bindings only"));
  }

  private static Stream<Field> fields(Struct struct) {
    return MANIFEST
        .all(Field.class, struct.room())
        .filter(field -> field.struct().equals(struct.name()));
  }

  /** A layout knows no sign, and an array at the end of a struct has no elements. */
  private static String shape(String type) {
    return type.replaceFirst("^[su](\\d+)", "i$1").replace("[]", "[0]");
  }

  private static Set<String> names(Stream<? extends Row> rows) {
    return rows.map(Row::name).collect(Collectors.toCollection(TreeSet::new));
  }
}
