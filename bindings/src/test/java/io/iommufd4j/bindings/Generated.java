// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.bindings;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.PaddingLayout;
import java.lang.foreign.SequenceLayout;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The classes that jextract generated, read by reflection. */
final class Generated {

  private Generated() {}

  /** The class that holds the constants and functions of {@code room}. */
  static Class<?> header(String room) {
    return load(room, room + "_h");
  }

  static GroupLayout layout(String room, String struct) {
    return (GroupLayout) call(load(room, struct), "layout");
  }

  /** A field of a member that is a struct without a name goes as {@code member.field}. */
  static long offset(String room, String struct, String field) {
    int dot = field.indexOf('.');
    if (dot < 0) {
      return (long) call(load(room, struct), field + "$offset");
    }
    String member = field.substring(0, dot);
    return offset(room, struct, member)
        + offset(room, struct + "$" + member, field.substring(dot + 1));
  }

  static MemoryLayout layout(String room, String struct, String field) {
    int dot = field.indexOf('.');
    return dot < 0
        ? (MemoryLayout) call(load(room, struct), field + "$layout")
        : layout(room, struct + "$" + field.substring(0, dot), field.substring(dot + 1));
  }

  static Object constant(String room, String name) {
    return call(header(room), name);
  }

  /** The structs of {@code room}: every class that has a layout. */
  static Set<String> structs(String room) {
    return classes(room).stream()
        .filter(
            name -> methods(load(room, name)).anyMatch(method -> method.getName().equals("layout")))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  static Set<String> fields(String room, String struct) {
    return methods(load(room, struct))
        .map(Method::getName)
        .filter(name -> name.endsWith("$offset"))
        .map(name -> name.substring(0, name.length() - "$offset".length()))
        .flatMap(name -> fields(room, struct, name))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** A member, or when its struct has no name of its own, that struct's members. */
  private static Stream<String> fields(String room, String struct, String member) {
    boolean nested =
        Arrays.stream(load(room, struct).getDeclaredClasses())
            .anyMatch(type -> type.getSimpleName().equals(member));
    return nested
        ? fields(room, struct + "$" + member).stream().map(field -> member + "." + field)
        : Stream.of(member);
  }

  /**
   * The constants of {@code room}: what takes no argument and is not a part of a function (its name
   * has no dollar).
   */
  static Set<String> constants(String room) {
    return methods(header(room))
        .filter(method -> method.getParameterCount() == 0 && !method.getName().contains("$"))
        .map(Method::getName)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /**
   * The shape of a layout in the manifest's words, without the sign that a layout does not have:
   * {@code i32}, {@code i32[6]}, {@code pointer}, or a struct's name.
   */
  static String shape(MemoryLayout layout) {
    return switch (layout) {
      case AddressLayout _ -> "pointer";
      case ValueLayout value -> "i" + value.byteSize() * Byte.SIZE;
      case SequenceLayout array -> shape(array.elementLayout()) + "[" + array.elementCount() + "]";
      case GroupLayout group -> group.name().orElse("a struct without a name");
      case PaddingLayout _ -> "padding";
    };
  }

  private static Set<String> classes(String room) {
    try {
      Path root = Path.of(header(room).getProtectionDomain().getCodeSource().getLocation().toURI());
      try (Stream<Path> files = Files.list(root.resolve("io/iommufd4j/bindings").resolve(room))) {
        return files
            .map(file -> file.getFileName().toString())
            .filter(file ->
                file.endsWith(".class")
                    && !file.contains("$")
                    && !file.equals("package-info.class"))
            .map(file -> file.substring(0, file.length() - ".class".length()))
            .collect(Collectors.toCollection(TreeSet::new));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Stream<Method> methods(Class<?> type) {
    return Arrays.stream(type.getDeclaredMethods())
        .filter(method -> Modifier.isPublic(method.getModifiers()));
  }

  private static Class<?> load(String room, String name) {
    try {
      return Class.forName("io.iommufd4j.bindings." + room + "." + name);
    } catch (ClassNotFoundException e) {
      throw new AssertionError(name + " is in the manifest and not in the bindings", e);
    }
  }

  private static Object call(Class<?> type, String method) {
    try {
      return type.getMethod(method).invoke(null);
    } catch (NoSuchMethodException e) {
      throw new AssertionError(type.getSimpleName() + " has no " + method + "()", e);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(type.getSimpleName() + "." + method + "() failed", e);
    }
  }
}
