// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.core.importer.ImportOption.OnlyIncludeTests;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Every public method of the API is called by a conformance test, which runs on the simulated
 * kernel and on the real one. Of packages that make no request, a test of core does as well. What
 * is called by none is listed in {@code uncalled-methods.txt}, and no other is.
 */
final class CalledMethodsTest {

  private static final List<String> API =
      List.of(
          "io.iommufd4j",
          "io.iommufd4j.data",
          "io.iommufd4j.error",
          "io.iommufd4j.event",
          "io.iommufd4j.process",
          "io.iommufd4j.uapi",
          "io.iommufd4j.vfio",
          "io.iommufd4j.vfio.feature",
          "io.iommufd4j.vfio.group",
          "io.iommufd4j.vfio.interrupt",
          "io.iommufd4j.vfio.reset");

  /** Values, which know no kernel. */
  private static final Set<String> VALUES =
      Set.of("io.iommufd4j.data", "io.iommufd4j.error", "io.iommufd4j.uapi");

  private static final Set<String> OF_EVERY_OBJECT = Set.of("toString", "equals", "hashCode");
  private static final Set<String> OF_EVERY_ENUM = Set.of("values", "valueOf");
  private static final String LIST = "uncalled-methods.txt";

  @Test
  void everyPublicMethodIsCalled() throws IOException {
    JavaClasses main =
        new ClassFileImporter()
            .withImportOption(new DoNotIncludeTests())
            .importPackages(API.toArray(String[]::new));
    JavaClasses tests =
        new ClassFileImporter()
            .withImportOption(new OnlyIncludeTests())
            .importPackages("io.iommufd4j.conformance");
    Set<String> called = called(tests);
    Set<String> calledOnValues = new HashSet<>(called);
    calledOnValues.addAll(called(testsOfCore()));

    var uncalled = new TreeSet<String>();
    int methods = 0;
    for (JavaClass type : main) {
      String room = type.getPackageName();
      if (API.contains(room) && isPublic(type)) {
        Set<String> calls = VALUES.contains(room) ? calledOnValues : called;
        for (JavaMethod method : type.getMethods()) {
          if (isOfTheApi(method)) {
            methods++;
            if (calls(method).noneMatch(calls::contains)) {
              uncalled.add(name(method));
            }
          }
        }
      }
    }
    assertTrue(methods > 100, "methods are found");
    assertEquals(String.join("\n", listed()), String.join("\n", uncalled));
  }

  private static JavaClasses testsOfCore() {
    String module = System.getProperty("basedir");
    assumeTrue(module != null, "only a build knows where core's tests are");
    return new ClassFileImporter()
        .importPath(Path.of(module).resolveSibling(Path.of("core", "target", "test-classes")));
  }

  private static Set<String> called(JavaClasses tests) {
    return tests.stream()
        .flatMap(type ->
            Stream.concat(
                type.getMethodCallsFromSelf().stream(),
                type.getMethodReferencesFromSelf().stream()))
        .map(access -> access.getTarget())
        .flatMap(target ->
            Stream.concat(
                Stream.of(target.getFullName()),
                target.resolveMember().stream().map(member -> member.getFullName())))
        .collect(Collectors.toSet());
  }

  /** The method, by every name that a call may have for it: of a type above or below, too. */
  private static Stream<String> calls(JavaMethod method) {
    JavaClass type = method.getOwner();
    String signature = method.getFullName().substring(type.getName().length());
    return Stream.concat(
            Stream.of(type), Stream.concat(type.getAllSubclasses().stream(), overridden(method)))
        .map(related -> related.getName() + signature);
  }

  private static Stream<JavaClass> overridden(JavaMethod method) {
    JavaClass type = method.getOwner();
    String[] parameters =
        method.getRawParameterTypes().stream().map(JavaClass::getName).toArray(String[]::new);
    return Stream.concat(type.getAllRawSuperclasses().stream(), type.getAllRawInterfaces().stream())
        .filter(above -> above.tryGetMethod(method.getName(), parameters).isPresent());
  }

  private static boolean isPublic(JavaClass type) {
    return type.getModifiers().contains(JavaModifier.PUBLIC)
        && type.getEnclosingClass().map(CalledMethodsTest::isPublic).orElse(true);
  }

  private static boolean isOfTheApi(JavaMethod method) {
    JavaClass type = method.getOwner();
    boolean inherent =
        OF_EVERY_OBJECT.contains(method.getName())
            || (type.isEnum() && OF_EVERY_ENUM.contains(method.getName()))
            || (type.isRecord()
                && method.getRawParameterTypes().isEmpty()
                && type.tryGetField(method.getName()).isPresent());
    return method.getModifiers().contains(JavaModifier.PUBLIC)
        && !method.getModifiers().contains(JavaModifier.SYNTHETIC)
        && !method.getModifiers().contains(JavaModifier.BRIDGE)
        && !inherent;
  }

  private static String name(JavaMethod method) {
    return method.getOwner().getName()
        + "."
        + method.getName()
        + method.getRawParameterTypes().stream()
            .map(JavaClass::getSimpleName)
            .collect(Collectors.joining(",", "(", ")"));
  }

  private static Set<String> listed() throws IOException {
    try (var stream = CalledMethodsTest.class.getResourceAsStream(LIST)) {
      String text = stream == null ? "" : new String(stream.readAllBytes(), StandardCharsets.UTF_8);
      return text.lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }
}
