// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Output that reaches nobody is no success; in a process of its own, with streams of Linux. */
@EnabledOnOs(OS.LINUX)
final class LostOutputTest {

  private static final String NOT_WRITTEN = "iommufdctl: the output could not be written";

  private record Ended(int exitCode, String err) {}

  /** Runs the command with redirections that a shell makes before it. */
  private static Ended run(String before, String redirection, String line) throws Exception {
    var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    var command =
        new ArrayList<String>(List.of("bash", "-c", before + "\"$@\" " + redirection, "bash"));
    command.addAll(
        List.of(
            java,
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName()));
    command.addAll(List.of(line.split(" ")));
    var process = new ProcessBuilder(command).start();
    process.getOutputStream().close();
    process.getInputStream().readAllBytes();
    String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ended(process.waitFor(), err);
  }

  @ParameterizedTest
  @ValueSource(strings = {"--sim group list", "--sim group list -o json", "--help", "--version"})
  void aFullDeviceIsNamed(String line) throws Exception {
    var ended = run("", ">/dev/full", line);
    assertEquals(1, ended.exitCode(), ended.err());
    assertEquals(1, ended.err().lines().count(), ended.err());
    assertTrue(ended.err().startsWith(NOT_WRITTEN + ": "), ended.err());
  }

  @Test
  void aPipeThatNobodyReadsEndsItQuietly(@TempDir Path directory) throws Exception {
    // Opened for both, then for writing; once the first is closed nobody can read.
    String pipe = directory.resolve("pipe").toString();
    String noReader = "mkfifo " + pipe + "; exec 3<>" + pipe + "; exec 4>" + pipe + "; exec 3>&-; ";
    var ended = run(noReader, ">&4", "--sim group list");
    assertEquals(141, ended.exitCode(), ended.err());
    assertEquals("", ended.err());
  }

  @Test
  void anUnwrittenTraceIsNamedToo() throws Exception {
    var ended = run("", "", "--sim --trace=/dev/full doctor");
    assertEquals(1, ended.exitCode(), ended.err());
    assertEquals("iommufdctl: the trace could not be written", ended.err().strip());
  }

  @Test
  void aFailureKeepsItsExitCode() throws Exception {
    var ended = run("", ">/dev/full", "--sim device show nonsense -o json");
    assertEquals(2, ended.exitCode(), ended.err());
  }

  @Test
  void aProgramThatRunsItIsToldToo() {
    var err = new ByteArrayOutputStream();
    var full =
        new OutputStream() {
          @Override
          public void write(int octet) throws IOException {
            throw new IOException("full");
          }
        };
    int exitCode =
        Main.run(
            new String[] {"--sim", "group", "list"},
            new PrintStream(full, false, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8));
    assertEquals(1, exitCode);
    assertEquals(NOT_WRITTEN, err.toString(StandardCharsets.UTF_8).strip());
  }
}
