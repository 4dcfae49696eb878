// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.machine;

import io.iommufd4j.cli.output.Document;
import io.iommufd4j.cli.run.ExitCode;
import io.iommufd4j.cli.run.Invocation;
import io.iommufd4j.sim.Machine;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code machine list}. */
@Command(
    name = "list",
    addMethodSubcommands = false,
    description =
        "Lists the machines that --machine knows by name, the default first, and the IOMMUs that can"
            + " stand behind the name.")
public final class MachineList implements Callable<Integer> {

  private final Invocation invocation;

  /** For an invocation. */
  public MachineList(Invocation invocation) {
    this.invocation = invocation;
  }

  @Override
  public Integer call() {
    var machines = Machine.names().stream().map(Machine::named).toList();
    invocation.renderer("machine list").result(new Document.Machines(machines, Machine.iommus()));
    return ExitCode.OK;
  }
}
