// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.command;

import io.iommufd4j.cli.output.Document;
import io.iommufd4j.cli.output.Renderer;
import io.iommufd4j.cli.run.CliError;
import io.iommufd4j.cli.run.ExitCode;
import io.iommufd4j.cli.run.Invocation;
import io.iommufd4j.cli.run.UsageException;
import io.iommufd4j.cli.vmm.BorrowedDevice;
import io.iommufd4j.cli.vmm.RunningFlag;
import io.iommufd4j.cli.vmm.RunningOrder;
import io.iommufd4j.cli.vmm.RunningOutcome;
import io.iommufd4j.cli.vmm.RunningPlan;
import io.iommufd4j.cli.vmm.RunningReplacement;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciDevice;
import io.iommufd4j.uapi.HwptFlag;
import java.time.Duration;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;

/** The part of {@code device-replace} that is about a device which another process uses. */
final class RunningOptions {

  private static final int NONE = -1;
  private static final int MAX_SECONDS = 86_400;

  @Option(
      names = "--pid",
      paramLabel = "PID",
      description =
          "Replaces under the device while this process uses it: by a new HWPT of the IOAS that the"
              + " process maps, so that the same memory stays translated. The old HWPT is put back"
              + " and the new one destroyed. --repeat does both N times in all. Takes the right to"
              + " trace the process.")
  int pid;

  @Option(
      names = "--flags",
      split = ",",
      paramLabel = "FLAG",
      description = "With --pid: what the new HWPT is made for: dirty-tracking, pasid.")
  Set<RunningFlag> flags = Set.of();

  @Option(
      names = "--keep",
      description = "With --pid: leaves the new HWPT in the process' iommufd, translating.")
  boolean keep;

  @Option(
      names = "--back-after",
      paramLabel = "SECONDS",
      description = "With --pid: lets the new HWPT translate for so long (default 0).")
  int backAfter;

  @Option(
      names = "--iommufd-fd",
      paramLabel = "N",
      description =
          "In place of --pid: a descriptor of the iommufd that this command inherited, as a VM's"
              + " manager hands it over. RLIMIT_MODE stays as it is.")
  int iommufd = NONE;

  @Option(
      names = "--device-fd",
      paramLabel = "N",
      description = "With --iommufd-fd: an inherited descriptor of the device's cdev, bound to it.")
  int device = NONE;

  /** True if the device is one that another process uses. */
  boolean given() {
    return pid != 0 || iommufd != NONE || device != NONE;
  }

  /**
   * Does it.
   *
   * @return the exit code
   */
  int run(
      Invocation invocation,
      Kernel kernel,
      Host host,
      PciDevice found,
      Renderer renderer,
      boolean dryRun,
      int rounds) {
    check();
    Set<HwptFlag> wanted =
        flags.stream().map(RunningFlag::flag).collect(Collectors.toUnmodifiableSet());
    var order = new RunningOrder(wanted, keep, Duration.ofSeconds(backAfter), Math.max(rounds, 1));
    if (keep && order.rounds() > 1) {
      throw new UsageException("--keep and --repeat exclude each other");
    }
    try (BorrowedDevice borrowed = borrow(kernel, found)) {
      RunningPlan plan = RunningPlan.of(host, found, borrowed, order);
      var planned = new Document.RunningPlanned(kernel.identity(), plan);
      if (dryRun) {
        renderer.result(planned);
        return ExitCode.OK;
      }
      renderer.preface(planned);
      Consent.require(invocation, "go on?", planned);
      var progress = new ProgressReporter(renderer, invocation.terminal());
      invocation.interruption().begin();
      RunningOutcome outcome;
      try {
        outcome = new RunningReplacement(borrowed, plan, invocation.interruption(), progress).run();
      } finally {
        progress.over();
      }
      renderer.result(
          new Document.RunningReplaced(kernel.identity(), plan, progress.steps(), outcome));
      if (outcome.interrupted()) {
        invocation.tell(CliError.STOPPED);
        return ExitCode.STOPPED;
      }
      return outcome.verified() ? ExitCode.OK : ExitCode.REFUSED;
    }
  }

  private void check() {
    boolean handed = iommufd != NONE || device != NONE;
    if (handed && (pid != 0 || iommufd == NONE || device == NONE)) {
      throw new UsageException("take --pid, or both --iommufd-fd and --device-fd");
    }
    if (backAfter < 0 || backAfter > MAX_SECONDS) {
      throw new UsageException(
          "--back-after takes 0 to " + MAX_SECONDS + " seconds, not " + backAfter);
    }
    if (keep && backAfter != 0) {
      throw new UsageException("--keep and --back-after exclude each other");
    }
  }

  private BorrowedDevice borrow(Kernel kernel, PciDevice found) {
    return pid != 0
        ? BorrowedDevice.of(kernel, found, pid)
        : BorrowedDevice.ofFds(kernel, found, iommufd, device);
  }
}
