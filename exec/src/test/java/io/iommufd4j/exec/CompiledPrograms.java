// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.iommufd4j.sim.SimKernel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/** C programs of the test resources, compiled here, and run on a simulated kernel. */
final class CompiledPrograms {

  private final Path directory;

  /** Programs that are compiled into a directory; skips the test where there is no compiler. */
  CompiledPrograms(Path directory) throws IOException, InterruptedException {
    this.directory = directory;
    assumeTrue(System.getProperty("os.name").equals("Linux"), "this is no Linux");
    assumeTrue(succeeds("gcc", "--version"), "there is no gcc");
    copy("requests.h");
  }

  private void copy(String name) throws IOException {
    try (InputStream source = CompiledPrograms.class.getResourceAsStream(name)) {
      assertNotNull(source, name);
      Files.copy(source, directory.resolve(name), StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** A file of the test resources, where a program finds it. */
  Path resource(String name) throws IOException {
    copy(name);
    return directory.resolve(name);
  }

  /** True if a command, as of a compiler, ends with 0. */
  boolean succeeds(String... command) throws IOException, InterruptedException {
    try {
      return new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(directory.resolve("compiler.log").toFile())
              .start()
              .waitFor()
          == 0;
    } catch (IOException none) {
      return false;
    }
  }

  /**
   * Compiles a program.
   *
   * @param name of its source, without {@code .c}
   * @param options of the compiler, as {@code -static}
   */
  String compile(String name, String... options) throws IOException, InterruptedException {
    copy(name + ".c");
    Path source = directory.resolve(name + ".c");
    Path program = directory.resolve(name);
    var command = new ArrayList<String>(List.of("gcc", "-O1", "-Wall", "-pthread"));
    command.addAll(List.of(options));
    command.addAll(List.of("-o", program.toString(), source.toString()));
    boolean compiled = succeeds(command.toArray(String[]::new));
    assertEquals(
        "", compiled ? "" : Files.readString(directory.resolve("compiler.log")), "of the compiler");
    return program.toString();
  }

  /** Runs a command; skips the test where programs cannot be supervised. */
  static int run(SimKernel kernel, String... command) {
    var complaints = new ByteArrayOutputStream();
    try (var err = new PrintStream(complaints, true, StandardCharsets.UTF_8)) {
      int status = new ProgramRun(kernel, err).run(List.of(command));
      assertEquals("", complaints.toString(StandardCharsets.UTF_8), "of the supervisor");
      return status;
    } catch (NotStartedException refused) {
      String reason = String.valueOf(refused.getMessage());
      Assumptions.assumeFalse(reason.contains("seccomp"), reason);
      throw refused;
    }
  }
}
