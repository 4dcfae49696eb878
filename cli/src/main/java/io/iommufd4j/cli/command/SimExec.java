// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.command;

import io.iommufd4j.cli.run.Invocation;
import io.iommufd4j.cli.run.UsageException;
import io.iommufd4j.exec.AttachedRun;
import io.iommufd4j.exec.ProgramRun;
import io.iommufd4j.sim.SimKernel;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
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
            + " sim exec --machine bridge:amd -- make check. With --listen further programs can be"
            + " brought to the same kernel from elsewhere, by sim exec --attach, until the first one"
            + " ends. Exits with the program's status, or"
            + " 128 + the number of the signal that ended it; 3 when it cannot be started, or not"
            + " be supervised on this host. Takes no privileges, and Linux 5.14 or newer.")
public final class SimExec implements Callable<Integer> {

  private final Invocation invocation;

  @Option(
      names = "--listen",
      paramLabel = "SOCKET",
      description =
          "Offers the kernel at this Unix socket, which is made, to --attach of this user's other"
              + " processes. Programs that are attached end with the first one.")
  @Nullable String listen;

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
    Path socket = invocation.attached();
    if (socket != null) {
      if (listen != null) {
        throw new UsageException("--listen and --attach exclude each other");
      }
      if (!release.isEmpty()) {
        throw new UsageException("the kernel of --attach is there already: leave --release out");
      }
      ProgramRun.leaveInterrupts();
      return new AttachedRun(socket).run(program.command);
    }
    try (SimKernel kernel = invocation.simulated(release)) {
      ProgramRun.leaveInterrupts();
      var run = new ProgramRun(kernel, invocation.terminal().err());
      return (listen == null ? run : run.offerAt(Path.of(listen))).run(program.command);
    }
  }
}
