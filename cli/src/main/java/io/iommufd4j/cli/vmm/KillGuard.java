// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.vmm;

import io.iommufd4j.cli.replace.NotPossibleException;
import io.iommufd4j.uapi.HwptId;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The process that {@link RestoreOnKill} runs in, for as long as a VMM is on another HWPT. */
final class KillGuard implements AutoCloseable {

  /** Whoever asks this command to stop from the terminal must not stop that process. */
  private static final String DEAF = "trap '' INT TERM HUP QUIT PIPE; exec \"$@\"";

  private final Process process;
  private final Writer words;

  private KillGuard(Process process) {
    this.process = process;
    this.words = process.outputWriter(StandardCharsets.UTF_8);
  }

  /**
   * Starts it, and waits until it could act.
   *
   * @param arguments of {@link RestoreOnKill#main}
   * @throws NotPossibleException when it does not start
   */
  static KillGuard start(List<String> arguments) {
    var command = new ArrayList<String>(List.of("/bin/sh", "-c", DEAF, "sh"));
    command.addAll(java());
    command.addAll(arguments);
    var builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
    // A directory that is to be unmounted should not be kept by what stays behind.
    builder.directory(Path.of("/").toFile());
    try {
      var guard = new KillGuard(builder.start());
      BufferedReader answers = guard.process.inputReader(StandardCharsets.UTF_8);
      if (!RestoreOnKill.READY.equals(answers.readLine())) {
        throw new IOException("it ended at once");
      }
      return guard;
    } catch (IOException e) {
      throw new NotPossibleException(
          "the process that would put the page table back after a kill did not start: "
              + e.getMessage());
    }
  }

  /** The JVM that runs this program, with its program. */
  private static List<String> java() {
    var words =
        new ArrayList<String>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx64m"));
    Module module = RestoreOnKill.class.getModule();
    if (module.isNamed()) {
      String path = System.getProperty("jdk.module.path", "");
      words.add("--enable-native-access=io.iommufd4j.core,org.jnrproject.jffi");
      words.addAll(path.isEmpty() ? List.of() : List.of("-p", absolute(path)));
      words.addAll(List.of("-m", module.getName() + "/" + RestoreOnKill.class.getName()));
    } else {
      words.add("--enable-native-access=ALL-UNNAMED");
      words.addAll(List.of("-cp", absolute(System.getProperty("java.class.path"))));
      words.add(RestoreOnKill.class.getName());
    }
    return words;
  }

  private static String absolute(String path) {
    var entries = new ArrayList<String>();
    for (String entry : path.split(":", -1)) {
      entries.add(Path.of(entry).toAbsolutePath().toString());
    }
    return String.join(":", entries);
  }

  /** A HWPT is there that has to go. */
  void made(HwptId hwpt) {
    say(RestoreOnKill.MADE + hwpt.value());
  }

  private void say(String word) {
    try {
      words.write(word + "\n");
      words.flush();
    } catch (IOException gone) {
      // It was killed: what it would have done can only be done by hand then.
    }
  }

  /** Nothing is left to restore. */
  @Override
  public void close() {
    say(RestoreOnKill.OVER);
    try {
      words.close();
      process.waitFor();
    } catch (IOException gone) {
      // As above.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
