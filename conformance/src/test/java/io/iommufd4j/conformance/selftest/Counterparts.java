// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Maps the kernel's cases to the tests of the packages below that stand for them. */
final class Counterparts {

  private static final String CLASS = ".class";

  private Counterparts() {}

  /** Our test of each case, as {@code IoasTest#area[mock_domain]}. */
  static SortedMap<String, String> all() {
    var all = new TreeMap<String, String>();
    for (Class<?> type : classes()) {
      for (Method method : type.getDeclaredMethods()) {
        for (String variant : variants(method)) {
          String test = type.getSimpleName() + "#" + method.getName() + bracketed(variant);
          String other = all.put(kernelCase(method, variant), test);
          if (other != null) {
            throw new IllegalStateException(other + " and " + test + " stand for the same case");
          }
        }
      }
    }
    return all;
  }

  /**
   * The kernel's name of a case.
   *
   * @param variant the variant's name, or nothing where there are none
   */
  static String kernelCase(Method method, String variant) {
    String name = method.getAnnotation(Counterpart.class).value();
    return variant.isEmpty() ? name : name.replaceFirst("\\.", "." + variant + ".");
  }

  private static List<String> variants(Method method) {
    if (!method.isAnnotationPresent(Counterpart.class)) {
      return List.of();
    }
    return Arrays.stream(method.getParameterTypes())
        .filter(Class::isEnum)
        .findFirst()
        .map(type -> Arrays.stream(type.getEnumConstants()).map(Object::toString).toList())
        .orElse(List.of(""));
  }

  private static String bracketed(String variant) {
    return variant.isEmpty() ? "" : "[" + variant + "]";
  }

  private static List<Class<?>> classes() {
    try {
      String self = Counterparts.class.getSimpleName() + CLASS;
      URI file = Objects.requireNonNull(Counterparts.class.getResource(self)).toURI();
      Path here = Objects.requireNonNull(Path.of(file).getParent());
      try (Stream<Path> files = Files.walk(here)) {
        return files
            .map(path -> here.relativize(path).toString())
            .filter(path -> path.endsWith("Test" + CLASS))
            .<Class<?>>map(Counterparts::load)
            .toList();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Class<?> load(String file) {
    String name =
        file.substring(0, file.length() - CLASS.length()).replace(File.separatorChar, '.');
    try {
      return Class.forName(Counterparts.class.getPackageName() + "." + name);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }
}
