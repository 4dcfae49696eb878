// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import io.iommufd4j.cli.run.UsageException;
import io.iommufd4j.exec.AttachedRun;
import io.iommufd4j.exec.ProgramRun;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * This command once more, as a program on the simulated kernel of another process: there {@code
 * /dev/iommu} is that kernel's.
 */
final class AttachedTool {

  private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");

  private AttachedTool() {}

  /**
   * Runs it.
   *
   * @param args of this process
   * @return its exit code
   * @throws UsageException when this process was not started by a command line with these
   */
  static int run(Path socket, String[] args) {
    List<String> words = commandLine();
    int launcher = words.size() - args.length;
    if (launcher < 1 || !words.subList(launcher, words.size()).equals(List.of(args))) {
      throw new UsageException("--attach is for the command line: this is within another program");
    }
    var command = new ArrayList<String>(words.subList(0, launcher));
    command.addAll(List.of("--backend", "native"));
    command.addAll(withoutKernel(args));
    ProgramRun.leaveInterrupts();
    return new AttachedRun(socket).run(command);
  }

  private static List<String> commandLine() {
    try {
      String whole = Files.readString(COMMAND_LINE, StandardCharsets.UTF_8);
      return List.of(whole.substring(0, whole.length() - 1).split("\0", -1));
    } catch (IOException unreadable) {
      return List.of();
    }
  }

  /** The arguments without those that choose a kernel. */
  static List<String> withoutKernel(String[] args) {
    var left = new ArrayList<String>();
    boolean options = true;
    boolean value = false;
    for (String word : args) {
      if (value) {
        value = false;
        continue;
      }
      options &= !word.equals("--");
      value = options && (word.equals("--attach") || word.equals("--backend"));
      if (!value && !(options && choosesKernel(word))) {
        left.add(word);
      }
    }
    return left;
  }

  private static boolean choosesKernel(String word) {
    return word.equals("--sim") || word.startsWith("--attach=") || word.startsWith("--backend=");
  }
}
