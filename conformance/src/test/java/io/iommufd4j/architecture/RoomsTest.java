// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.architecture;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.core.importer.ImportOption.OnlyIncludeTests;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * The size of packages, and how many classes know each other in a circle. What is larger is named
 * here, and what is named has to be larger still.
 */
final class RoomsTest {

  /** Files of a package, its package-info among them. */
  private static final int MOST_FILES = 26;

  private static final int LARGEST_CIRCLE = 6;

  /** The mock driver has a class for each thing that the kernel's mock driver has. */
  private static final Set<String> LARGE_PACKAGES = Set.of("io.iommufd4j.sim.selftest");

  /** Classes of the larger circles, each circle by one of its classes. */
  private static final Map<String, String> LARGE_CIRCLES =
      Map.of(
          "io.iommufd4j.IommufdRef",
          "an iommufd makes handles, and each leads back to it",
          "io.iommufd4j.sim.iommu.IommuGroup",
          "groups, devices, domains and drivers know each other in Linux, too");

  private final JavaClasses classes =
      new ClassFileImporter()
          .withImportOption(new DoNotIncludeTests())
          .withImportOption(location -> !location.contains("/bindings/"))
          .withImportOption(location -> !location.contains("/jmh_generated/"))
          .importPackages("io.iommufd4j");

  @Test
  void packagesAreSmall() {
    assertEquals(new TreeSet<>(LARGE_PACKAGES), large(classes));
  }

  @Test
  void packagesOfTestsAreSmall() {
    assertEquals(
        Set.of(),
        large(
            new ClassFileImporter()
                .withImportOption(new OnlyIncludeTests())
                .importPackages("io.iommufd4j")));
  }

  private static Set<String> large(JavaClasses classes) {
    Map<String, Long> files =
        classes.stream()
            .filter(RoomsTest::isFile)
            .collect(groupingBy(JavaClass::getPackageName, counting()));
    assertTrue(files.size() > 20, "classes are found");
    var large = new TreeSet<String>();
    files.forEach((name, count) -> {
      if (count > MOST_FILES) {
        large.add(name);
      }
    });
    return large;
  }

  private static boolean isFile(JavaClass type) {
    return type.isTopLevelClass();
  }

  @Test
  void circlesAreSmall() {
    var known = new TreeMap<String, Set<String>>();
    for (JavaClass type : classes) {
      Set<String> of = known.computeIfAbsent(outermost(type), _ -> new TreeSet<>());
      for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
        of.add(outermost(dependency.getTargetClass().getBaseComponentType()));
      }
    }
    assertTrue(known.size() > 300, "classes are found");
    var unnamed = new TreeSet<String>();
    var named = new TreeSet<String>();
    for (Set<String> circle : new Circles(known).all()) {
      if (circle.size() > LARGEST_CIRCLE) {
        List<String> names = circle.stream().filter(LARGE_CIRCLES::containsKey).toList();
        if (names.isEmpty()) {
          unnamed.add(circle.size() + ": " + circle);
        }
        named.addAll(names);
      }
    }
    assertEquals(Set.of(), unnamed);
    assertEquals(LARGE_CIRCLES.keySet(), new HashSet<>(named));
  }

  private static String outermost(JavaClass type) {
    JavaClass outer = type;
    while (outer.getEnclosingClass().isPresent()) {
      outer = outer.getEnclosingClass().get();
    }
    return outer.getName();
  }
}
