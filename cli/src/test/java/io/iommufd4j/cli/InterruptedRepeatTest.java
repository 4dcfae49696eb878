// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A signal during {@code --repeat}, to a process of its own. */
@EnabledOnOs(OS.LINUX)
final class InterruptedRepeatTest {

  private static final String ROUNDS = "5000000";

  @ParameterizedTest
  @CsvSource({"INT, 130", "TERM, 143"})
  void whatIsMeasuredIsShown(String signal, int exitCode) throws Exception {
    var command =
        List.of(
            // A job in a script's background has SIGINT ignored, and so would this have.
            "env",
            "--default-signal=INT,TERM",
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName(),
            "--sim",
            "device-replace",
            "02:01.0",
            "--repeat",
            ROUNDS);
    var process = new ProcessBuilder(command).start();
    try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
      String line = out.readLine();
      while (line != null && !line.contains("replaced HWPT")) {
        line = out.readLine();
      }
      // The rounds that do not count take a few milliseconds, all of them half a minute.
      Thread.sleep(1500);
      kill(signal, process.pid());
      String rest = out.lines().collect(Collectors.joining("\n"));
      String err = process.errorReader(StandardCharsets.UTF_8).lines().findFirst().orElse("");
      assertEquals(exitCode, process.waitFor(), err);
      assertTrue(rest.matches("(?s).*interrupted after \\d+ of " + ROUNDS + " rounds.*"), rest);
      assertTrue(rest.contains("detach + attach takes "), rest);
      assertEquals("iommufdctl: stopped; the host is as it was found", err);
    } finally {
      process.destroyForcibly();
    }
  }

  private static void kill(String signal, long pid) throws Exception {
    var kill = new ProcessBuilder("kill", "-" + signal, Long.toString(pid)).start();
    assertEquals(0, kill.waitFor());
  }
}
