// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.command;

import io.iommufd4j.cli.output.Document;
import io.iommufd4j.cli.output.Renderer;
import io.iommufd4j.cli.replace.LateGroup;
import io.iommufd4j.cli.replace.NotPossibleException;
import io.iommufd4j.cli.replace.ReplaceOrder;
import io.iommufd4j.cli.replace.ReplaceOutcome;
import io.iommufd4j.cli.replace.ReplacePlan;
import io.iommufd4j.cli.replace.ReplaceTarget;
import io.iommufd4j.cli.replace.Replacement;
import io.iommufd4j.cli.run.CliError;
import io.iommufd4j.cli.run.ExitCode;
import io.iommufd4j.cli.run.Invocation;
import io.iommufd4j.cli.run.UsageException;
import io.iommufd4j.kernel.Backend.Purpose;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.Patience;
import io.iommufd4j.pci.PciDevice;
import io.iommufd4j.pci.VfioBinding;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code device-replace}. */
@Command(
    name = "device-replace",
    addMethodSubcommands = false,
    description = {
      "Replaces the translation under a device without detaching it, and shows that it did.",
      "Binds the device to an iommufd, attaches it to HWPT A, replaces A by B, verifies. A device"
          + " that vfio-pci does not hold is handed to it for the run. However it ends, by a"
          + " failure or by a signal too, the host is left as it was found."
    })
public final class DeviceReplace extends DeviceVerb {

  private static final int MAX_ROUNDS = 10_000_000;

  @Mixin final WaitOption wait = new WaitOption();

  @Mixin final RunningOptions running = new RunningOptions();

  @Option(
      names = {"-n", "--dry-run"},
      description = "Prints the plan and does nothing.")
  boolean dryRun;

  @Option(
      names = "--target",
      paramLabel = "TARGET",
      description =
          "What translates once it is done. new-ioas (the default): a HWPT of another IOAS, so"
              + " other memory. same-ioas: another HWPT of the same IOAS, so the same memory. auto:"
              + " another IOAS, whose HWPT the kernel makes by itself.")
  ReplaceTarget target = ReplaceTarget.NEW_IOAS;

  @Option(
      names = "--repeat",
      paramLabel = "N",
      description =
          "After the replace, times N more beside N times detach + attach, by turns: minimum,"
              + " median, 99th percentile, ratio. Ctrl-C shows those of the rounds so far.")
  int rounds;

  @Option(
      names = "--prove-dma",
      description =
          "Has the device copy memory by DMA before and after, and shows whose bytes arrived where;"
              + " siblings in its group too. Takes QEMU's edu device (1234:11e8).")
  boolean proveDma;

  @Option(
      names = "--vf-token",
      paramLabel = "UUID",
      description =
          "The VF token that the user of the physical function chose. A virtual function wants it"
              + " while vfio-pci holds its physical one, and that one while a virtual one is in"
              + " use.")
  @Nullable UUID vfToken;

  public DeviceReplace(Invocation invocation) {
    super(invocation, Purpose.IOMMUFD);
  }

  @Override
  protected Purpose purpose() {
    return dryRun ? Purpose.LOOK : super.purpose();
  }

  @Override
  protected int run(Kernel kernel, Host host, PciDevice device, Renderer renderer) {
    if (rounds < 0 || rounds > MAX_ROUNDS) {
      throw new UsageException("--repeat takes 0 to " + MAX_ROUNDS + " rounds, not " + rounds);
    }
    if (running.given()) {
      if (proveDma || vfToken != null || target != ReplaceTarget.NEW_IOAS) {
        throw new UsageException(
            "--prove-dma, --vf-token and --target are for a device that nobody uses");
      }
      return running.run(invocation(), kernel, host, device, renderer, dryRun, rounds);
    }
    var order = new ReplaceOrder(target, rounds, proveDma, Optional.ofNullable(vfToken));
    Patience patience = wait.patience(invocation());
    if (dryRun && LateGroup.wanted(host, device)) {
      throw new NotPossibleException(
          device.address()
              + " has no driver and is in no IOMMU group yet. Some kernels, as Linux 6.12 behind"
              + " virtio-iommu and SMMUv3, put a device in one only when a driver is bound, and a"
              + " dry run binds none: without --dry-run vfio-pci gets it first, or see"
              + " iommufdctl device bind");
    }
    var progress = new ProgressReporter(renderer, invocation().terminal());
    if (!dryRun) {
      invocation().interruption().begin();
    }
    int exitCode;
    try (var grouped = LateGroup.of(kernel, device, order, patience, progress)) {
      exitCode = replace(kernel, renderer, progress, grouped.device(), order, patience);
    } finally {
      progress.over();
    }
    if (exitCode == ExitCode.STOPPED) {
      invocation().tell(CliError.STOPPED);
    }
    return exitCode;
  }

  private int replace(
      Kernel kernel,
      Renderer renderer,
      ProgressReporter progress,
      PciDevice device,
      ReplaceOrder order,
      Patience patience) {
    var plan = ReplacePlan.of(kernel, device, order);
    // Changes nothing, and refuses what could not be taken before anybody is asked.
    VfioBinding binding = VfioBinding.prepare(kernel, plan.toBind(), patience);
    var planned = new Document.Plan(kernel.identity(), plan);
    if (dryRun) {
      renderer.result(planned);
      return ExitCode.OK;
    }
    renderer.preface(planned);
    Consent.requireInRun(invocation(), planned);
    ReplaceOutcome outcome =
        new Replacement(kernel, plan, binding, invocation().interruption(), progress).run();
    progress.over();
    renderer.result(new Document.Replaced(kernel.identity(), plan, progress.steps(), outcome));
    if (!outcome.verified()) {
      return ExitCode.REFUSED;
    }
    return outcome.interrupted() ? ExitCode.STOPPED : ExitCode.OK;
  }
}
