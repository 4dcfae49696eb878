// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.errors;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** All error paths, and the page that shows them. */
final class ErrorTable {

  private ErrorTable() {}

  static Stream<ErrorPath> paths() {
    return Stream.of(
            IoasErrors.paths(), MapErrors.paths(), HwptErrors.paths(), ObjectErrors.paths())
        .flatMap(List::stream);
  }

  /** The page, in Markdown. */
  static String page() {
    List<ErrorPath> paths = paths().toList();
    var text = new StringBuilder();
    text.append(
        """
        # How the 22 commands are refused

        Written by the tests: each row is one test of `errors.ErrorPathTest`, which provokes the refusal through the kernel's
        mock driver and passes on the simulated kernel in every build and on Linux 7.3.4 in the lab. `ENOMEM` is not here: the
        fault-injection tests provoke it.

        """);
    text.append("Every command, besides its own rows: ");
    text.append(
        Stream.of(BlockErrors.values())
            .map(error -> error.errno().name() + ", " + error.when())
            .collect(Collectors.joining("; ")));
    text.append(".\n\n| command | error paths | errnos |\n| --- | --- | --- |\n");
    for (Request command : BlockErrors.COMMANDS) {
      List<ErrorPath> own = of(command, paths);
      text.append("| ")
          .append(command)
          .append(" | ")
          .append(own.size() + BlockErrors.values().length)
          .append(" | ")
          .append(errnos(own))
          .append(" |\n");
    }
    text.append("| all | ")
        .append(paths.size() + BlockErrors.COMMANDS.size() * BlockErrors.values().length)
        .append(" | |\n\n| command | errno | when |\n| --- | --- | --- |\n");
    for (Request command : BlockErrors.COMMANDS) {
      for (ErrorPath path : of(command, paths)) {
        text.append("| ")
            .append(command)
            .append(" | ")
            .append(path.errno().name())
            .append(" | ")
            .append(path.when())
            .append(" |\n");
      }
    }
    return text.toString();
  }

  private static List<ErrorPath> of(Request command, List<ErrorPath> paths) {
    return paths.stream().filter(path -> path.command() == command).toList();
  }

  private static String errnos(List<ErrorPath> own) {
    Stream<Errno> always = Stream.of(BlockErrors.values()).map(BlockErrors::errno);
    return Stream.concat(always, own.stream().map(ErrorPath::errno))
        .map(Errno::name)
        .distinct()
        .sorted()
        .reduce((a, b) -> a + " " + b)
        .orElse("");
  }
}
