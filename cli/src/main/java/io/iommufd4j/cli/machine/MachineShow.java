// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.machine;

import io.iommufd4j.cli.output.Document;
import io.iommufd4j.cli.run.ExitCode;
import io.iommufd4j.cli.run.Invocation;
import io.iommufd4j.cli.run.UsageException;
import io.iommufd4j.sim.Machine;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code machine show}. */
@Command(
    name = "show",
    addMethodSubcommands = false,
    description =
        "Prints a machine as a machine file, in YAML: to read, or to change and give to --machine.")
public final class MachineShow implements Callable<Integer> {

  private final Invocation invocation;

  @Parameters(paramLabel = "NAME[:IOMMU]|FILE", description = "As --machine takes it.")
  String name = "";

  /** For an invocation. */
  public MachineShow(Invocation invocation) {
    this.invocation = invocation;
  }

  @Override
  public Integer call() {
    Machine machine;
    try {
      machine = Machine.named(name);
    } catch (IllegalArgumentException wrong) {
      throw new UsageException(wrong);
    }
    invocation
        .renderer("machine show")
        .result(new Document.MachineYaml(Optional.empty(), machine.name(), machine.yaml()));
    return ExitCode.OK;
  }
}
