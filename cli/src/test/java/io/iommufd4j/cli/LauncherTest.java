// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The script that builds and runs, in a tree of its own whose Maven and Java are scripts too: Maven
 * takes a second and fails when another one is at work, Java prints what is in its jar.
 */
@EnabledOnOs(OS.LINUX)
final class LauncherTest {

  private static final List<String> MODULES =
      List.of("native-headers", "bindings", "core", "fallback-sim", "exec", "cli");

  @TempDir private Path top;

  private record Ended(int exitCode, String out, String err) {}

  @BeforeEach
  void lay() throws IOException {
    Files.setPosixFilePermissions(top, PosixFilePermissions.fromString("rwxr-xr-x"));
    executable("iommufdctl", Files.readString(Path.of("..", "iommufdctl")));
    Files.writeString(top.resolve("pom.xml"), "");
    for (String module : MODULES) {
      Files.createDirectories(top.resolve(module).resolve("src/main"));
      Files.writeString(top.resolve(module).resolve("pom.xml"), "");
    }
    executable("cli/find-jdk", "#!/bin/sh\necho " + top + "/jdk\n");
    executable(
        "jdk/bin/java",
        """
        #!/bin/sh
        while [ "$1" != -cp ] && [ "$1" != -jar ]; do
          case $1 in -XX:AOTCacheOutput=*) echo cache >"${1#*=}" ;; esac
          shift
        done
        case $3 in
        *.OneJar)
          cat "$5"/*.jar >"$4" || exit
          meanwhile=${0%/jdk/*}/meanwhile
          [ ! -e "$meanwhile" ] || { cat "$meanwhile" >"$5/iommufd4j-core-7.jar"; rm "$meanwhile"; }
          exit
          ;;
        *.Training) exit ;;
        esac
        cat "$2"
        shift 2
        [ "$1" != wait ] || while [ ! -e "$2" ]; do sleep 0.1; done
        """);
    executable(
        "bin/mvn",
        """
        #!/bin/sh
        mkdir busy || { echo "two at once" >>overlap; exit 1; }
        echo run >>runs
        mkdir -p cli/target/iommufdctl cli/target/classes
        touch started
        echo half >cli/target/iommufdctl/a.jar
        sleep 1
        [ ! -e broken ] || { rmdir busy; echo 'it does not compile'; exit 1; }
        echo "whole $(wc -l <runs)" >cli/target/iommufdctl/a.jar
        rmdir busy
        """);
  }

  private void executable(String name, String text) throws IOException {
    Path file = top.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private Process start(List<String> before, String... arguments) throws IOException {
    var command = new ArrayList<String>(before);
    command.add(top.resolve("iommufdctl").toString());
    command.addAll(List.of(arguments));
    var builder = new ProcessBuilder(command);
    builder.environment().remove("IOMMUFD4J_NO_BUILD");
    builder.environment().put("PATH", top.resolve("bin") + ":" + System.getenv("PATH"));
    return builder.start();
  }

  private static Ended end(Process process) throws IOException, InterruptedException {
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ended(process.waitFor(), out.strip(), err.strip());
  }

  private Ended run(String... arguments) throws IOException, InterruptedException {
    return end(start(List.of(), arguments));
  }

  private void await(String file) throws InterruptedException {
    while (!Files.exists(top.resolve(file))) {
      Thread.sleep(20);
    }
  }

  private void sourceChanged() throws IOException {
    Path source = top.resolve("core/src/main/A.java");
    Files.writeString(source, "");
    Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(1)));
  }

  private long builds() throws IOException {
    try (var runs = Files.lines(top.resolve("runs"))) {
      return runs.count();
    }
  }

  private List<String> kept() throws IOException {
    try (var names = Files.list(top.resolve("cli/target/launch"))) {
      return names
          .map(path -> path.getFileName().toString())
          .filter(name -> name.startsWith("build."))
          .toList();
    }
  }

  private Path jar(String module) {
    return top.resolve("cli/target/iommufdctl/iommufd4j-" + module + "-7.jar");
  }

  private void mavenBuilt() throws IOException {
    Files.createDirectories(top.resolve("cli/target/iommufdctl"));
    for (String module : MODULES) {
      Files.writeString(jar(module), module + "\n");
    }
  }

  @Test
  void whatMavenBuiltIsPackedAndNotBuiltAgain() throws Exception {
    mavenBuilt();
    var packed = run();
    assertEquals(0, packed.exitCode(), packed.err());
    assertTrue(packed.err().contains("packing what Maven built"), packed.err());
    assertTrue(packed.out().contains("core"), packed.out());
    assertFalse(Files.exists(top.resolve("runs")), "Maven ran");

    sourceChanged();
    var built = run();
    assertTrue(built.err().contains("building once"), built.err());
    assertEquals(1, builds());
  }

  @Test
  void whatMavenWritesAfterThePackingIsPackedToo() throws Exception {
    mavenBuilt();
    assertTrue(run().out().contains("core"));
    Files.writeString(jar("core"), "no class is missing now\n");
    var inLab = end(start(List.of("env", "IOMMUFD_IN_LAB=1")));
    assertEquals("", inLab.err());
    assertFalse(inLab.out().contains("no class is missing now"), inLab.out());
    var packed = run();
    assertTrue(packed.out().contains("no class is missing now"), packed.out());
    assertTrue(packed.err().contains("packing what Maven built"), packed.err());
    assertEquals("", run().err());
    assertFalse(Files.exists(top.resolve("runs")), "Maven ran");
  }

  @Test
  void whatMavenWritesDuringThePackingIsPackedToo() throws Exception {
    mavenBuilt();
    Files.writeString(top.resolve("meanwhile"), "whole\n");
    var packed = run();
    assertEquals(0, packed.exitCode(), packed.err());
    assertTrue(packed.out().contains("whole"), packed.out());
    assertEquals("", run().err());
  }

  @Test
  void twoFirstRunsBuildOnce() throws Exception {
    var first = start(List.of(), "a");
    await("started");
    var second = start(List.of(), "b");
    var one = end(first);
    var two = end(second);
    assertEquals(0, one.exitCode(), one.err());
    assertEquals(0, two.exitCode(), two.err());
    assertTrue(one.err().contains("building once"), one.err());
    assertTrue(two.err().contains("another build of " + top + " is going on"), two.err());
    assertEquals("whole 1", one.out());
    assertEquals("whole 1", two.out());
    assertFalse(Files.exists(top.resolve("overlap")));
    assertEquals(1, builds());
    var third = run("c");
    assertEquals("", third.err());
    assertEquals(1, builds());
  }

  @Test
  void aRunThatIsKilledWhileItBuildsLeavesNothingHalf() throws Exception {
    var killed = start(List.of(), "a");
    await("started");
    killed.destroyForcibly().waitFor();
    Files.writeString(top.resolve("cli/target/classes/Half.class"), "");
    // Maven still runs, and holds the lock.
    var next = run("b");
    assertEquals(0, next.exitCode(), next.err());
    assertEquals("whole 2", next.out());
    assertTrue(next.err().contains("another build"), next.err());
    assertFalse(Files.exists(top.resolve("overlap")));
    assertFalse(Files.exists(top.resolve("cli/target/classes/Half.class")));
  }

  @Test
  void aBuildThatFailsIsNotTheNewest() throws Exception {
    assertEquals("whole 1", run("a").out());
    sourceChanged();
    Files.writeString(top.resolve("broken"), "");
    var failed = run("b");
    assertEquals(3, failed.exitCode());
    assertTrue(failed.err().contains("it does not compile"), failed.err());
    assertEquals("", failed.out());
    Files.delete(top.resolve("broken"));
    assertEquals("whole 3", run("c").out());
  }

  @Test
  void aRunKeepsTheBuildItBeganWith() throws Exception {
    assertEquals("whole 1", run("a").out());
    List<String> first = kept();
    Path go = top.resolve("go");
    var running = start(List.of(), "wait", go.toString());
    // What it prints comes before it waits.
    byte[] printed = running.getInputStream().readNBytes("whole 1\n".length());
    assertEquals("whole 1\n", new String(printed, StandardCharsets.UTF_8));
    sourceChanged();
    assertEquals("whole 2", run("b").out());
    assertEquals(2, kept().size());
    assertTrue(kept().containsAll(first));
    Files.writeString(go, "");
    assertEquals(0, end(running).exitCode());
    Files.setLastModifiedTime(
        top.resolve("core/src/main/A.java"), FileTime.from(Instant.now().plusSeconds(3)));
    assertEquals("whole 3", run("c").out());
    assertEquals(1, kept().size(), "what nobody uses is removed");
  }

  @Test
  void aTreeOfSomebodyElseIsRunAndNotBuilt() throws Exception {
    var unbuilt = end(start(asSomebodyElse(), "a"));
    assertEquals(3, unbuilt.exitCode());
    assertEquals(1, unbuilt.err().lines().count(), unbuilt.err());
    assertTrue(unbuilt.err().contains("not built yet, and " + top), unbuilt.err());
    restore();
    assertEquals("whole 1", run("b").out());
    var built = end(start(asSomebodyElse(), "c"));
    assertEquals("whole 1", built.out());
    assertEquals("", built.err());
    restore();
    sourceChanged();
    var stale = end(start(asSomebodyElse(), "d"));
    assertEquals("whole 1", stale.out());
    assertEquals(0, stale.exitCode());
    assertTrue(stale.err().contains("running the build that is there"), stale.err());
    restore();
  }

  /** A command before the script: root steps down; anybody else loses the right to write. */
  private List<String> asSomebodyElse() throws IOException {
    if ("root".equals(System.getProperty("user.name"))) {
      return List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups");
    }
    for (String module : MODULES) {
      permit(module, "r-xr-xr-x");
    }
    return List.of();
  }

  private void restore() throws IOException {
    for (String module : MODULES) {
      permit(module, "rwxr-xr-x");
    }
  }

  private void permit(String module, String permissions) throws IOException {
    for (Path directory : List.of(top.resolve(module), top.resolve(module + "/target"))) {
      if (Files.exists(directory)) {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString(permissions));
      }
    }
  }
}
