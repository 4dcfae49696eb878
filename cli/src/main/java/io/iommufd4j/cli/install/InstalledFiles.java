// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.install;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;

/** The manual pages and the completions of a command line, by where they go below {@code share}. */
public final class InstalledFiles {

  private InstalledFiles() {}

  /**
   * The text of each file.
   *
   * @param program the name that the command is started by
   * @param top the command, with everything below it
   */
  public static Map<String, String> of(String program, CommandLine top) {
    List<CommandWords> all = CommandWords.of(top);
    var files = new LinkedHashMap<String, String>();
    for (CommandWords command : all) {
      if (command.leaf() || command.words().isEmpty()) {
        files.put(
            "man/man1/" + ManPage.name(program, command) + ".1", ManPage.of(program, command, all));
      }
    }
    files.put("bash-completion/completions/" + program, BashCompletion.of(program, all));
    files.put("zsh/vendor-completions/_" + program, ZshCompletion.of(program, all));
    files.put("fish/vendor_completions.d/" + program + ".fish", FishCompletion.of(program, all));
    return files;
  }

  /** Writes all of them below a directory. */
  public static void write(Path share, String program, CommandLine top) throws IOException {
    for (Map.Entry<String, String> file : of(program, top).entrySet()) {
      Path path = share.resolve(file.getKey());
      Files.createDirectories(path.resolveSibling("."));
      Files.writeString(path, file.getValue());
    }
  }
}
