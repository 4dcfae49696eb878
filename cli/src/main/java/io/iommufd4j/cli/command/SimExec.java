// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.command;

import io.iommufd4j.cli.run.Invocation;
import io.iommufd4j.cli.run.UsageException;
import io.iommufd4j.exec.AttachedRun;
import io.iommufd4j.exec.ProgramRun;
import io.iommufd4j.exec.record.RecordingHeader;
import io.iommufd4j.exec.record.RecordingWriter;
import io.iommufd4j.exec.trace.DevicePaths;
import io.iommufd4j.sim.RequestFaults;
import io.iommufd4j.sim.SimKernel;
import java.io.PrintStream;
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
    description = {
      "Runs an unmodified program of any language on a simulated machine.",
      "It and all that it starts see the machine's /dev/iommu, /dev/vfio and sysfs, and VmPin of"
          + " /proc/PID/status; everything else is the host's. --machine names the machine. Options"
          + " stand before the program, as in: iommufdctl sim exec --machine bridge:amd -- make"
          + " check.",
      "--trace shows every request that programs make of iommufd and VFIO, as the command"
          + " trace does on a real kernel. With --listen further programs can be brought to the"
          + " same kernel from elsewhere, by sim exec --attach, until the first one ends.",
      "Takes no privileges, and Linux 5.14 or newer. Exits with the program's status, or"
          + " 128 + the number of the signal that ended it; 3 when it cannot be started, or not"
          + " be supervised on this host."
    })
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

  @Option(
      names = "--record",
      paramLabel = "FILE",
      description =
          "Writes a recording, which replay plays again: one JSON object a line, as trace --record"
              + " does on a real kernel.")
  @Nullable String recording;

  @Option(
      names = "--faults",
      paramLabel = "TEXT",
      description =
          "Requests that fail without reaching the kernel, counted over all programs, as in --faults"
              + " 'the 2nd IOMMU_IOAS_MAP answers ENOMEM, the 1st VFIO_DEVICE_BIND_IOMMUFD answers"
              + " EPERM'. At the end those are named that no request met.")
  @Nullable String faults;

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
      if (recording != null || faults != null || invocation.traces()) {
        throw new UsageException(
            "--trace, --record and --faults are of the sim exec that has the kernel, and tell of"
                + " attached programs too");
      }
      ProgramRun.leaveInterrupts();
      return new AttachedRun(socket).run(program.command);
    }
    RequestFaults planned = planned();
    try (SimKernel kernel = invocation.simulated(release)) {
      var run = new ProgramRun(kernel, invocation.terminal().err());
      if (listen != null) {
        run.offerAt(Path.of(listen));
      }
      if (faults != null) {
        run.failing(planned);
      }
      PrintStream trace = invocation.trace();
      if (trace != null) {
        run.tracing(trace::println);
      }
      if (recording != null) {
        RecordingHeader header =
            new DevicePaths(kernel.sysfs()).header(kernel.identity(), program.command);
        run.recording(new RecordingWriter(invocation.recording(recording), header));
      }
      ProgramRun.leaveInterrupts();
      int status = run.run(program.command);
      planned.unmet().forEach(invocation::tell);
      return status;
    }
  }

  private RequestFaults planned() {
    var planned = new RequestFaults();
    if (faults != null) {
      try {
        planned.fail(faults);
      } catch (IllegalArgumentException bad) {
        throw new UsageException("--faults: " + bad.getMessage());
      }
    }
    return planned;
  }
}
