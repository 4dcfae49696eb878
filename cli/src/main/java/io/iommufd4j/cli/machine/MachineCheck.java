// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.machine;

import io.iommufd4j.cli.output.Document;
import io.iommufd4j.cli.run.ExitCode;
import io.iommufd4j.cli.run.Invocation;
import io.iommufd4j.cli.run.UsageException;
import io.iommufd4j.pci.Host;
import io.iommufd4j.sim.Machine;
import io.iommufd4j.sim.SimKernel;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code machine check}. */
@Command(
    name = "check",
    addMethodSubcommands = false,
    description = {
      "Reads a machine file and starts a simulated kernel on it.",
      "What is wrong is told as FILE:LINE: KEY: what is wrong and what would be right,"
          + " and the command leaves with 2."
    })
public final class MachineCheck implements Callable<Integer> {

  private final Invocation invocation;

  @Parameters(paramLabel = "FILE", description = "A machine file, see docs/machine-files.md.")
  String file = "";

  /** For an invocation. */
  public MachineCheck(Invocation invocation) {
    this.invocation = invocation;
  }

  @Override
  public Integer call() {
    try (SimKernel kernel = SimKernel.on(Machine.ofFile(file))) {
      var host = Host.of(kernel);
      invocation
          .renderer("machine check")
          .result(
              new Document.MachineChecked(
                  kernel.identity(), file, host.devices().size(), host.groups().size()));
      return ExitCode.OK;
    } catch (IllegalArgumentException wrong) {
      throw new UsageException(wrong);
    }
  }
}
