// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.command;

import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** The program of a verb that runs one. */
@Command(addMethodSubcommands = false)
final class ProgramArguments {

  @Parameters(
      arity = "1..*",
      paramLabel = "PROGRAM",
      description =
          "After --: the program, looked for in PATH when it has no slash, and its arguments.")
  List<String> command = List.of();
}
