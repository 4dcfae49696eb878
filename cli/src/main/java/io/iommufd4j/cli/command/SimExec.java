// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.command;

import io.iommufd4j.cli.run.Invocation;
import io.iommufd4j.exec.ProgramRun;
import io.iommufd4j.sim.SimKernel;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sim exec}. */
@Command(
    name = "exec",
    addMethodSubcommands = false,
    description =
        "Runs an unmodified program of any language on a simulated machine. It and all that it"
            + " starts see the machine's /dev/iommu, /dev/vfio, sysfs and VmPin; everything else is the"
            + " host's."
            + " --machine names the machine. Options stand before the program, as in: iommufdctl"
            + " sim exec --machine bridge:amd -- make check. Exits with the program's status, or"
            + " 128 + the number of the signal that ended it; 3 when it cannot be started, or not"
            + " be supervised on this host. Takes no privileges, and Linux 5.14 or newer.")
public final class SimExec implements Callable<Integer> {

  private final Invocation invocation;

  @Option(
      names = "--release",
      paramLabel = "VERSION",
      description = "The Linux that is simulated, as 6.12; the newest by default.")
  String release = "";

  @Mixin final ProgramArguments program = new ProgramArguments();

  /** For an invocation. */
  public SimExec(Invocation invocation) {
    this.invocation = invocation;
  }

  @Override
  public Integer call() {
    try (SimKernel kernel = invocation.simulated(release)) {
      ProgramRun.leaveInterrupts();
      return new ProgramRun(kernel, invocation.terminal().err()).run(program.command);
    }
  }
}
