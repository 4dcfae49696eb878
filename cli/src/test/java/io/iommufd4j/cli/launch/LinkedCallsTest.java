// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class LinkedCallsTest {

  private static final ClassFile CLASS_FILE =
      ClassFile.of(ClassFile.StackMapsOption.GENERATE_STACK_MAPS);

  /** A field of each type. */
  record Fields(
      boolean z,
      byte b,
      char c,
      short s,
      int i,
      long j,
      float f,
      double d,
      @Nullable String text,
      @Nullable List<Integer> list) {}

  /** Nothing in it. */
  record Empty() {}

  /** Switches, in a method of an interface. */
  interface Switches extends Function<Object, String> {
    @Override
    default String apply(Object value) {
      return switch (value) {
        case String text when text.isEmpty() -> "no text";
        case Integer number when number < 0 -> "negative";
        case String text -> text;
        case Number number -> "number " + number;
        default -> "else";
      };
    }
  }

  /** Something that can be made. */
  static final class Chooser implements Switches {}

  /** Loads the classes of this test anew, rewritten. */
  private static final class Rewritten extends ClassLoader {

    private Rewritten() {
      super(LinkedCallsTest.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (!name.startsWith(LinkedCallsTest.class.getName())) {
        return super.loadClass(name, resolve);
      }
      Class<?> loaded = findLoadedClass(name);
      byte[] bytes = rewritten(name);
      return loaded != null ? loaded : defineClass(name, bytes, 0, bytes.length);
    }
  }

  private static byte[] bytes(String name) {
    try (InputStream in =
        LinkedCallsTest.class.getResourceAsStream("/" + name.replace('.', '/') + ".class")) {
      return Objects.requireNonNull(in).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] rewritten(String name) {
    return LinkedCalls.in(CLASS_FILE, bytes(name));
  }

  private static Class<?> anew(Class<?> type) throws ClassNotFoundException {
    return new Rewritten().loadClass(type.getName());
  }

  private static List<String> linkedAtRunTime(byte[] bytes) {
    return CLASS_FILE.parse(bytes).methods().stream()
        .flatMap(method -> method.code().stream())
        .flatMap(code -> code.elementStream())
        .filter(InvokeDynamicInstruction.class::isInstance)
        .map(element -> ((InvokeDynamicInstruction) element).bootstrapMethod().methodName())
        .toList();
  }

  @Test
  void aSwitchOnTypesChoosesAsBefore() throws Exception {
    var make = anew(Chooser.class).getDeclaredConstructor();
    make.setAccessible(true);
    @SuppressWarnings("unchecked")
    var anew = (Function<Object, String>) make.newInstance();
    for (Object value : List.of("", "text", -1, 1, -1L, 'c')) {
      assertEquals(new Chooser().apply(value), anew.apply(value));
    }
    assertThrows(NullPointerException.class, () -> anew.apply(null));
    String name = Switches.class.getName();
    assertTrue(linkedAtRunTime(bytes(name)).contains("typeSwitch"));
    assertFalse(linkedAtRunTime(rewritten(name)).contains("typeSwitch"));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
  void recordsAreEqualFieldByField(int other) throws Exception {
    Object[] values = {true, (byte) 1, 'c', (short) 2, 3, 4L, 5F, 6D, "text", List.of(7)};
    Object[] others = {false, (byte) 2, 'd', (short) 3, 4, 5L, -0F, Double.NaN, "", List.of()};
    var before = Fields.class.getDeclaredConstructors()[0];
    var after = anew(Fields.class).getDeclaredConstructors()[0];
    after.setAccessible(true);
    Object[] changed = values.clone();
    changed[other] = others[other];

    Object record = after.newInstance(values);
    assertEquals(record, after.newInstance(values.clone()));
    assertEquals(after.newInstance(changed), after.newInstance(changed));
    assertNotEquals(record, after.newInstance(changed));
    assertNotEquals(record, before.newInstance(values));
    assertFalse(record.equals(null));
    assertEquals(before.newInstance(values).hashCode(), record.hashCode());
    assertEquals(before.newInstance(changed).hashCode(), after.newInstance(changed).hashCode());
    assertEquals(before.newInstance(values).toString(), record.toString());
  }

  @Test
  void aReferenceThatIsNullIsAValue() throws Exception {
    var make = anew(Fields.class).getDeclaredConstructors()[0];
    make.setAccessible(true);
    Object[] values = {true, (byte) 1, 'c', (short) 2, 3, 4L, 5F, 6D, null, null};
    assertEquals(make.newInstance(values), make.newInstance(values));
    assertEquals(
        new Fields(true, (byte) 1, 'c', (short) 2, 3, 4L, 5F, 6D, null, null).hashCode(),
        make.newInstance(values).hashCode());
  }

  @Test
  void aRecordWithoutFieldsEqualsAnother() throws Exception {
    var make = anew(Empty.class).getDeclaredConstructor();
    make.setAccessible(true);
    assertEquals(make.newInstance(), make.newInstance());
    assertEquals(0, make.newInstance().hashCode());
    assertEquals(List.of("bootstrap"), linkedAtRunTime(rewritten(Empty.class.getName())));
  }

  @Test
  void aClassWithoutSuchCallsStaysAsItIs() {
    byte[] bytes = bytes(Chooser.class.getName());
    assertSame(bytes, LinkedCalls.in(CLASS_FILE, bytes));
  }
}
