// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.safety;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** iommufdctl as a process of its own, with nobody at its prompts. */
final class Tool {

  static final String VARIABLE = "IOMMUFD4J_TOOL";

  /** Many times what the slowest run takes; a run that is not over by then does not return. */
  private static final Duration LIMIT = Duration.ofMinutes(4);

  private static final int NO_EXIT_CODE = -1;

  private Tool() {}

  /**
   * A run that is over.
   *
   * @param exitCode negative when it did not return within the limit
   */
  record Run(int exitCode, String out, String err, Duration took) {

    boolean returned() {
      return exitCode != NO_EXIT_CODE;
    }

    /** The line that reports the result: the last complaint, or the last line with these words. */
    String verdict(String words) {
      List<String> errors =
          err.lines()
              .filter(line -> line.startsWith("iommufdctl: "))
              .filter(line -> !line.contains("the kernel is still at"))
              .map(line -> line.substring("iommufdctl: ".length()))
              .filter(line -> !line.startsWith("then, "))
              .toList();
      if (exitCode != 0 && !errors.isEmpty()) {
        return errors.getLast();
      }
      return out.lines()
          .filter(line -> line.contains(words))
          .reduce((_, later) -> later)
          .orElse("")
          .strip()
          .replaceAll(" +", " ");
    }

    String everything() {
      return out + err;
    }
  }

  static List<String> command(String... arguments) {
    var command = new ArrayList<String>();
    command.add(System.getenv(VARIABLE));
    command.add("--backend");
    command.add("native");
    command.addAll(List.of(arguments));
    return command;
  }

  /**
   * Nothing is built in the lab, and no JVM's cache is made. A run is short: in an emulated machine
   * interpreted code is through with it in half the time that a compiler takes.
   */
  static ProcessBuilder builder(List<String> command) {
    var builder = new ProcessBuilder(command);
    builder.environment().put("IOMMUFD4J_NO_BUILD", "1");
    builder.environment().put("JAVA_OPTS", "-Xint");
    return builder;
  }

  static Run run(String... arguments) throws InterruptedException {
    try {
      Path out = Files.createTempFile("tool", ".out");
      Path err = Files.createTempFile("tool", ".err");
      long start = System.nanoTime();
      Process process =
          builder(command(arguments))
              .redirectOutput(out.toFile())
              .redirectError(err.toFile())
              .start();
      process.getOutputStream().close();
      boolean returned = process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS);
      var took = Duration.ofNanos(System.nanoTime() - start);
      if (!returned) {
        process.destroyForcibly();
      }
      var run =
          new Run(
              returned ? process.exitValue() : NO_EXIT_CODE,
              Files.readString(out),
              Files.readString(err),
              took);
      Files.delete(out);
      Files.delete(err);
      return run;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
