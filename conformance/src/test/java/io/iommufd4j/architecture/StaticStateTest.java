// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Two kernels in one JVM do not affect each other: what is static never changes. The values
 * themselves are looked at, so that the type of a field hides nothing.
 */
final class StaticStateTest {

  private static final String OWN = "io.iommufd4j.";

  private static final Pattern EMPTY =
      Pattern.compile("java\\.util\\.Collections\\$(.*\\$)?Empty.*");

  /** Fields that may change all the same, since they are no state of a kernel. */
  private static final Map<String, String> NAMED =
      Map.of("io.iommufd4j.wire.RequestBlocks.OF_THREAD", "blocks of each thread's own");

  private final Set<String> found = new TreeSet<>();
  private final Set<Object> looked = Collections.newSetFromMap(new IdentityHashMap<>());

  @Test
  void nothingStaticCanChange() throws IllegalAccessException {
    var classes =
        new ClassFileImporter()
            .withImportOption(new DoNotIncludeTests())
            .withImportOption(location -> !location.contains("/bindings/"))
            .withImportOption(location -> !location.contains("/jmh_generated/"))
            // Links to libc as it is initialized, which other systems cannot.
            .withImportOption(location -> !location.contains("/iommufd4j/linux/"))
            .importPackages("io.iommufd4j");
    int fields = 0;
    for (JavaClass type : classes) {
      for (Field field : type.reflect().getDeclaredFields()) {
        if (Modifier.isStatic(field.getModifiers()) && !field.isSynthetic()) {
          fields++;
          look(field, null, field.getDeclaringClass().getName() + "." + field.getName());
        }
      }
    }
    assertTrue(fields > 500, fields + " static fields");
    assertEquals(new TreeSet<>(NAMED.keySet()), found);
  }

  private void look(Field field, @Nullable Object holder, String name)
      throws IllegalAccessException {
    if (!Modifier.isFinal(field.getModifiers())) {
      found.add(name);
    } else if (!field.getType().isPrimitive()) {
      field.setAccessible(true);
      look(field.get(holder), name);
    }
  }

  private void look(@Nullable Object value, String name) throws IllegalAccessException {
    switch (value) {
      case null -> {}
      case String _, Enum<?> _, Number _ -> {}
      case Collection<?> collection -> {
        requireFixed(collection, name);
        for (Object element : collection) {
          look(element, name);
        }
      }
      case Map<?, ?> map -> {
        requireFixed(map, name);
        for (Object element : map.values()) {
          look(element, name);
        }
      }
      default -> lookInto(value, name);
    }
  }

  private void requireFixed(Object collection, String name) {
    String type = collection.getClass().getName();
    if (!type.startsWith("java.util.ImmutableCollections") && !EMPTY.matcher(type).matches()) {
      found.add(name);
    }
  }

  private void lookInto(Object value, String name) throws IllegalAccessException {
    Class<?> type = value.getClass();
    if (type.isArray()) {
      if (Array.getLength(value) > 0) {
        found.add(name);
      }
    } else if (value instanceof ThreadLocal || type.getName().startsWith("java.util.concurrent.")) {
      found.add(name);
    } else if (type.getName().startsWith(OWN) && !type.isHidden() && looked.add(value)) {
      for (Field field : type.getDeclaredFields()) {
        if (!Modifier.isStatic(field.getModifiers()) && !field.isSynthetic()) {
          look(field, value, name);
        }
      }
    }
  }
}
