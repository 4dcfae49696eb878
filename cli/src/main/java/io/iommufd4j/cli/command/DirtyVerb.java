// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.command;

import io.iommufd4j.cli.output.Document;
import io.iommufd4j.cli.output.Renderer;
import io.iommufd4j.cli.run.CliError;
import io.iommufd4j.cli.run.ExitCode;
import io.iommufd4j.cli.run.Invocation;
import io.iommufd4j.cli.run.UsageException;
import io.iommufd4j.cli.vmm.BorrowedDevice;
import io.iommufd4j.cli.vmm.RunningOrder;
import io.iommufd4j.cli.vmm.RunningPlan;
import io.iommufd4j.cli.vmm.RunningWatch;
import io.iommufd4j.kernel.Backend.Purpose;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciDevice;
import io.iommufd4j.uapi.HwptFlag;
import io.iommufd4j.uapi.IovaRange;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code dirty}. */
@Command(
    name = "dirty",
    addMethodSubcommands = false,
    description = {
      "Shows which IOVAs a device writes while another process uses it, as a heat map of what that"
          + " process has mapped.",
      "For that time a HWPT made for dirty tracking translates the same memory in place of the"
          + " process' own, as with device-replace --pid; then the old one is put back. Where the"
          + " IOMMU cannot track, says why and leaves with 3. Takes the right to trace the process."
    })
public final class DirtyVerb extends DeviceVerb {

  private static final int MAX_SECONDS = 86_400;

  @Option(names = "--pid", paramLabel = "PID", description = "The process that uses the device.")
  int pid;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      description = "The time to watch (default 10). Ctrl-C ends it early and shows what was seen.")
  int seconds = 10;

  @Option(
      names = "--iova",
      paramLabel = "FIRST-LAST",
      description =
          "IOVAs to watch, in hexadecimal, as 0x100000-0x1fffff: mapped throughout, whole pages of"
              + " 4 KiB. May be repeated. Without it what is mapped is searched for.")
  List<IovaRange> iovas = List.of();

  @Option(
      names = {"-n", "--dry-run"},
      description = "Prints the plan and does nothing.")
  boolean dryRun;

  public DirtyVerb(Invocation invocation) {
    super(invocation, Purpose.IOMMUFD);
  }

  @Override
  protected Purpose purpose() {
    return dryRun ? Purpose.LOOK : super.purpose();
  }

  @Override
  protected int run(Kernel kernel, Host host, PciDevice device, Renderer renderer) {
    if (pid == 0) {
      throw new UsageException("name the process that uses the device by --pid");
    }
    if (seconds < 1 || seconds > MAX_SECONDS) {
      throw new UsageException("--seconds takes 1 to " + MAX_SECONDS + ", not " + seconds);
    }
    var order =
        new RunningOrder(Set.of(HwptFlag.DIRTY_TRACKING), false, Duration.ofSeconds(seconds), 1);
    try (BorrowedDevice borrowed = BorrowedDevice.of(kernel, device, pid)) {
      RunningPlan plan = RunningPlan.of(host, device, borrowed, order);
      RunningWatch.check(borrowed, plan);
      var planned = new Document.RunningPlanned(kernel.identity(), plan);
      if (dryRun) {
        renderer.result(planned);
        return ExitCode.OK;
      }
      renderer.preface(planned);
      Consent.require(invocation(), "go on?", planned);
      return watch(kernel, borrowed, plan, renderer);
    }
  }

  private int watch(Kernel kernel, BorrowedDevice borrowed, RunningPlan plan, Renderer renderer) {
    var progress = new ProgressReporter(renderer, invocation().terminal());
    invocation().interruption().begin();
    RunningWatch watch;
    RunningWatch.Outcome outcome;
    try {
      watch = RunningWatch.of(borrowed, plan, iovas);
      outcome = watch.run(invocation().interruption(), progress);
    } finally {
      progress.over();
    }
    renderer.result(
        new Document.Watched(
            kernel.identity(), plan, progress.steps(), outcome, watch.unwatchedBytes()));
    if (outcome.replaced().interrupted()) {
      invocation().tell(CliError.STOPPED);
      return ExitCode.STOPPED;
    }
    return outcome.replaced().verified() ? ExitCode.OK : ExitCode.REFUSED;
  }
}
