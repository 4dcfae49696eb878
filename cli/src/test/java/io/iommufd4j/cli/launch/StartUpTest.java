// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.cli.Main;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.Attributes.Name;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Start-up without reading class files and making classes: what a run loads lies in the AOT cache,
 * all but a few. Jar and cache are made from this class path, as the launcher makes them from a
 * build.
 */
final class StartUpTest {

  private static final int MOST_READ = 20;

  /** Most are picocli's: proxies of its annotations, and ways to fields and methods. */
  private static final int MOST_MADE = 45;

  @TempDir private static Path directory;
  private static Path jar;
  private static Path cache;

  @BeforeAll
  static void make() throws Exception {
    var parts = new ArrayList<Path>();
    for (String part : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      Path path = Path.of(part);
      if (Files.isDirectory(path) && !path.endsWith("test-classes")) {
        parts.add(packed(path, directory.resolve(parts.size() + ".jar")));
      } else if (part.endsWith(".jar")) {
        parts.add(path);
      }
    }
    jar = directory.resolve("iommufdctl.jar");
    cache = directory.resolve("iommufdctl.aot");
    OneJar.write(jar, parts);
    run("-XX:AOTCacheOutput=" + cache, "-cp", jar.toString(), Training.class.getName());
  }

  private static Path packed(Path classes, Path to) throws IOException {
    var manifest = new Manifest();
    manifest.getMainAttributes().put(Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().put(Name.MAIN_CLASS, Main.class.getName());
    manifest.getMainAttributes().putValue("Enable-Native-Access", "ALL-UNNAMED");
    try (var files = Files.walk(classes);
        var out = new JarOutputStream(Files.newOutputStream(to), manifest)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        out.putNextEntry(new ZipEntry(classes.relativize(file).toString()));
        out.write(Files.readAllBytes(file));
      }
    }
    return to;
  }

  private static String run(String... arguments) throws Exception {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:+UseSerialGC");
    command.addAll(List.of(arguments));
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
    return said;
  }

  @ParameterizedTest
  @ValueSource(strings = {"--version", "--sim device list", "--sim device-replace 0000:02:01.0"})
  void fewClassesComeFromOutsideTheCache(String line) throws Exception {
    Path log = directory.resolve("classes");
    var arguments = new ArrayList<String>();
    arguments.add("-XX:AOTCache=" + cache);
    arguments.add("-Xlog:class+load:file=" + log + ":none");
    arguments.addAll(List.of("-jar", jar.toString()));
    arguments.addAll(List.of(line.split(" ")));
    run(arguments.toArray(String[]::new));

    List<String> loaded = Files.readAllLines(log);
    List<String> read =
        loaded.stream()
            .filter(load -> load.contains("source: file:") || load.contains("source: jrt:"))
            .toList();
    assertTrue(
        loaded.stream().anyMatch(load -> load.contains(Main.class.getName() + " source: shared")),
        "the cache is used");
    assertTrue(read.size() < MOST_READ, String.join("\n", read));
    List<String> made =
        loaded.stream().filter(load -> !load.contains("source: shared objects file")).toList();
    assertTrue(made.size() < MOST_MADE, String.join("\n", made));
  }
}
