// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.launch;

import io.iommufd4j.cli.Main;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.jar.Attributes.Name;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/**
 * Puts the jars of a class path into one, without compression. A JVM that looks for a class or a
 * resource then opens one file in place of 35.
 *
 * <p>Class files older than Java 6, as picocli's and ASM's, have no stack maps. The AOT cache of
 * JDK 25 leaves them out, and the JVM reads and verifies them again at each start. They are written
 * as version 52, with stack maps. What else the cache leaves out is written anew by {@link
 * LinkedCalls}.
 */
public final class OneJar {

  /** The first version with stack maps that the JVM verifies by. */
  private static final int JAVA_6 = 50;

  private static final int JAVA_8 = 52;
  private static final int MAJOR_VERSION = 6;
  private static final String SERVICES = "META-INF/services/";
  private static final String CLASS = ".class";

  /** Native libraries of jffi, a directory for each platform. */
  private static final String NATIVE = "jni/";

  private static final Set<String> PLATFORMS = Set.of("x86_64-Linux", "aarch64-Linux");
  private static final String MAIN = Main.class.getName();

  private final ClassFile classFile = ClassFile.of(ClassFile.StackMapsOption.GENERATE_STACK_MAPS);
  private final Map<String, byte[]> entries = new LinkedHashMap<>();

  private @Nullable Manifest manifest;

  private OneJar() {}

  /** Takes the new jar and the directory of those that go into it, which is the class path. */
  public static void main(String[] args) throws IOException {
    try (Stream<Path> files = Files.list(Path.of(args[1]))) {
      write(Path.of(args[0]), files.filter(file -> file.toString().endsWith(".jar")).toList());
    }
  }

  /**
   * Writes one jar, with the manifest of the part whose main class is {@link Main}. Where several
   * parts have a file of the same name, the first by name is taken; lists of services are put
   * together.
   *
   * @throws IllegalArgumentException when no part has it
   */
  static void write(Path jar, List<Path> parts) throws IOException {
    var one = new OneJar();
    for (Path part : parts.stream().sorted().toList()) {
      one.add(part);
    }
    if (one.manifest == null) {
      throw new IllegalArgumentException(MAIN + " is the main class of none of " + parts);
    }
    try (var out = new JarOutputStream(Files.newOutputStream(jar), one.manifest)) {
      for (var entry : one.entries.entrySet()) {
        out.putNextEntry(stored(entry.getKey(), entry.getValue()));
        out.write(entry.getValue());
      }
    }
  }

  private void add(Path part) throws IOException {
    try (var in = new JarFile(part.toFile(), false, ZipFile.OPEN_READ, Runtime.version())) {
      Manifest own = in.getManifest();
      if (own != null && MAIN.equals(own.getMainAttributes().getValue(Name.MAIN_CLASS))) {
        manifest = own;
      }
      in.versionedStream().filter(OneJar::taken).forEach(entry -> add(in, entry));
    }
  }

  /**
   * A class path has no use for the descriptors of modules; the manifest is written apart.
   * Elsewhere than on these platforms there are no native calls.
   */
  private static boolean taken(JarEntry entry) {
    String name = entry.getName();
    return !entry.isDirectory()
        && !name.equals(JarFile.MANIFEST_NAME)
        && !name.equals("module-info.class")
        && (!name.startsWith(NATIVE) || PLATFORMS.contains(name.split("/", -1)[1]));
  }

  private void add(JarFile jar, JarEntry entry) {
    try (InputStream in = jar.getInputStream(entry)) {
      byte[] bytes = in.readAllBytes();
      if (entry.getName().startsWith(SERVICES)) {
        entries.merge(entry.getName(), bytes, OneJar::lines);
      } else if (entry.getName().endsWith(CLASS)) {
        entries.putIfAbsent(entry.getName(), LinkedCalls.in(classFile, withStackMaps(bytes)));
      } else {
        entries.putIfAbsent(entry.getName(), bytes);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(entry.getName() + " of " + jar.getName(), e);
    }
  }

  private static byte[] lines(byte[] first, byte[] second) {
    var lines = new ByteArrayOutputStream();
    lines.writeBytes(first);
    lines.write('\n');
    lines.writeBytes(second);
    return lines.toByteArray();
  }

  private byte[] withStackMaps(byte[] bytes) {
    int version = Byte.toUnsignedInt(bytes[MAJOR_VERSION]) << 8 | bytes[MAJOR_VERSION + 1];
    if (version >= JAVA_6) {
      return bytes;
    }
    // A body that goes through a transform is written again; one that does not is copied.
    var anew =
        ClassTransform.transformingMethodBodies((builder, element) -> builder.with(element))
            .andThen(ClassTransform.endHandler(builder -> builder.withVersion(JAVA_8, 0)));
    return classFile.transformClass(classFile.parse(bytes), anew);
  }

  private static ZipEntry stored(String name, byte[] bytes) {
    var checksum = new CRC32();
    checksum.update(bytes);
    var entry = new ZipEntry(name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(bytes.length);
    entry.setCrc(checksum.getValue());
    return entry;
  }
}
