// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import io.iommufd4j.cli.install.InstalledFiles;
import io.iommufd4j.cli.replace.Interruption;
import io.iommufd4j.cli.run.Invocation;
import io.iommufd4j.cli.run.Terminal;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine;

/** Manual pages and completions of iommufdctl, for a package that goes to hosts. */
public final class HostFiles {

  private HostFiles() {}

  /** Writes them; takes the directory that becomes {@code /usr/share}. */
  public static void main(String[] args) throws IOException {
    InstalledFiles.write(Path.of(args[0]), Invocation.NAME, commands());
  }

  /** The text of each, by its path below {@code /usr/share}. */
  static Map<String, String> texts() {
    return InstalledFiles.of(Invocation.NAME, commands());
  }

  private static CommandLine commands() {
    var nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
    var invocation = new Invocation(Terminal.ofStreams(nowhere, nowhere), new Interruption());
    return CommandTree.all(invocation);
  }
}
