// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.iommufd4j.cli.Main;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes.Name;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class OneJarTest {

  private static final String SERVICE = "META-INF/services/a.Service";

  @TempDir private Path directory;

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** A class of Java 5: {@code static int max(int, int)}, whose two branches meet without a map. */
  private static byte[] oldClass() {
    return ClassFile.of(ClassFile.StackMapsOption.DROP_STACK_MAPS)
        .build(
            ClassDesc.of("a.Old"),
            type ->
                type.withVersion(49, 0)
                    .withMethodBody(
                        "max",
                        MethodTypeDesc.of(
                            ConstantDescs.CD_int, ConstantDescs.CD_int, ConstantDescs.CD_int),
                        ClassFile.ACC_PUBLIC | ClassFile.ACC_STATIC,
                        code ->
                            code.iload(0)
                                .iload(1)
                                .ifThenElse(
                                    java.lang.classfile.Opcode.IF_ICMPGT,
                                    greater -> greater.iload(0),
                                    other -> other.iload(1))
                                .ireturn()));
  }

  private Path jar(String name, Map<String, String> manifest, Map<String, byte[]> files)
      throws IOException {
    var attributes = new Manifest();
    attributes.getMainAttributes().put(Name.MANIFEST_VERSION, "1.0");
    manifest.forEach((key, value) -> attributes.getMainAttributes().putValue(key, value));
    Path jar = directory.resolve(name);
    try (var out = new JarOutputStream(Files.newOutputStream(jar), attributes)) {
      for (var file : files.entrySet()) {
        out.putNextEntry(new ZipEntry(file.getKey()));
        out.write(file.getValue());
      }
    }
    return jar;
  }

  private Map<String, String> contents(Path jar) throws IOException {
    var contents = new LinkedHashMap<String, String>();
    try (var in = new JarFile(jar.toFile())) {
      for (var entry : in.stream().toList()) {
        if (!entry.getName().equals(JarFile.MANIFEST_NAME)) {
          byte[] bytes = in.getInputStream(entry).readAllBytes();
          contents.put(entry.getName(), new String(bytes, StandardCharsets.UTF_8));
        }
      }
    }
    return contents;
  }

  @Test
  void filesAreThoseThatAClassPathFinds() throws IOException {
    Path first =
        jar(
            "a.jar",
            Map.of("Multi-Release", "true", "Main-Class", "a.Other"),
            Map.of(
                "a/same",
                text("first"),
                SERVICE,
                text("a.One"),
                "module-info.class",
                text("left out"),
                "a/versioned",
                text("old"),
                "META-INF/versions/25/a/versioned",
                text("new"),
                "META-INF/versions/9999/a/versioned",
                text("newer than this runtime")));
    Path second =
        jar(
            "b.jar",
            Map.of("Main-Class", Main.class.getName(), "Implementation-Version", "7"),
            Map.of("a/same", text("second"), SERVICE, text("b.Two")));
    Path one = directory.resolve("one.jar");

    OneJar.write(one, List.of(second, first));

    assertEquals(
        Map.of("a/same", "first", "a/versioned", "new", SERVICE, "a.One\nb.Two"), contents(one));
    try (var in = new JarFile(one.toFile())) {
      assertEquals("7", in.getManifest().getMainAttributes().getValue("Implementation-Version"));
    }
  }

  @Test
  void nativeLibrariesOfOtherPlatformsAreLeftOut() throws IOException {
    Path part =
        jar(
            "a.jar",
            Map.of("Main-Class", Main.class.getName()),
            Map.of(
                "jni/x86_64-Linux/libjffi-1.2.so", text("x86-64"),
                "jni/aarch64-Linux/libjffi-1.2.so", text("arm64"),
                "jni/ppc64-Linux/libjffi-1.2.so", text("another processor"),
                "jni/Darwin/libjffi-1.2.jnilib", text("another system")));
    Path one = directory.resolve("one.jar");

    OneJar.write(one, List.of(part));

    assertEquals(
        Map.of(
            "jni/x86_64-Linux/libjffi-1.2.so", "x86-64",
            "jni/aarch64-Linux/libjffi-1.2.so", "arm64"),
        contents(one));
  }

  @Test
  void oldClassesGetStackMaps() throws Exception {
    Path part =
        jar("a.jar", Map.of("Main-Class", Main.class.getName()), Map.of("a/Old.class", oldClass()));
    Path one = directory.resolve("one.jar");

    OneJar.write(one, List.of(part));

    try (var loader = new URLClassLoader(new URL[] {one.toUri().toURL()}, null);
        var bytes = loader.getResourceAsStream("a/Old.class")) {
      assertEquals(52, ClassFile.of().parse(bytes.readAllBytes()).majorVersion());
      // The JVM verifies a class of this version by its stack maps alone.
      var max = Class.forName("a.Old", true, loader).getMethod("max", int.class, int.class);
      assertEquals(4, max.invoke(null, 4, 3));
      assertEquals(6, max.invoke(null, 5, 6));
    }
  }

  @Test
  void aBuildWithoutTheCommandIsRefused() throws IOException {
    Path part = jar("a.jar", Map.of(), Map.of());
    assertThrows(
        IllegalArgumentException.class,
        () -> OneJar.write(directory.resolve("one.jar"), List.of(part)));
  }
}
