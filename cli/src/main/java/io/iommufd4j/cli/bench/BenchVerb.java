// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.bench;

import io.iommufd4j.cli.command.Consent;
import io.iommufd4j.cli.command.DeviceVerb;
import io.iommufd4j.cli.command.WaitOption;
import io.iommufd4j.cli.output.Document;
import io.iommufd4j.cli.output.Renderer;
import io.iommufd4j.cli.replace.LateGroup;
import io.iommufd4j.cli.replace.ReplaceOrder;
import io.iommufd4j.cli.replace.ReplacePlan;
import io.iommufd4j.cli.replace.ReplaceTarget;
import io.iommufd4j.cli.run.CliError;
import io.iommufd4j.cli.run.ExitCode;
import io.iommufd4j.cli.run.Invocation;
import io.iommufd4j.cli.run.UsageException;
import io.iommufd4j.cli.switching.AreaSize;
import io.iommufd4j.cli.switching.SwitchCase;
import io.iommufd4j.cli.switching.SwitchOrder;
import io.iommufd4j.cli.switching.SwitchOutcome;
import io.iommufd4j.cli.switching.Switching;
import io.iommufd4j.cli.switching.Way;
import io.iommufd4j.kernel.Backend.Purpose;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.Patience;
import io.iommufd4j.pci.PciDevice;
import io.iommufd4j.pci.VfioBinding;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bench}. */
@Command(
    name = "bench",
    addMethodSubcommands = false,
    description = {
      "Times the ways to give a device another translation of many mapped areas: unmap all and map"
          + " all again, detach + attach, replace.",
      "With QEMU's edu device (1234:11e8), whose DMA engine it can drive, all of it happens under"
          + " DMA: transfers lost, and the longest gap between two that arrived. A device that"
          + " vfio-pci does not hold is handed to it for the run. However it ends, by a failure or"
          + " by a signal too, the host is left as it was found."
    })
public final class BenchVerb extends DeviceVerb {

  private static final int MAX_COUNT = 1_000_000;
  private static final long MAX_BYTES = 1L << 30;
  private static final BigDecimal MIN_SECONDS = new BigDecimal("0.01");
  private static final BigDecimal MAX_SECONDS = new BigDecimal(3600);
  private static final int NANO_DIGITS = 9;

  /** Only who takes part: nothing of it is about a replace alone. */
  private static final ReplaceOrder TAKEN =
      new ReplaceOrder(ReplaceTarget.NEW_IOAS, 0, false, Optional.empty());

  @Mixin final WaitOption wait = new WaitOption();

  @Option(
      names = "--count",
      split = ",",
      paramLabel = "N",
      description = "How many areas are mapped, 1 to 1000000, or several counts (default 1000).")
  List<Integer> counts = List.of(1000);

  @Option(
      names = "--size",
      split = ",",
      paramLabel = "BYTES",
      description =
          "How large each is, or several sizes: powers of two from a page to 1G (default 4K). All"
              + " areas map the same memory: one block of that size for each of two translations.")
  List<String> sizes = List.of("4K");

  @Option(
      names = "--ways",
      split = ",",
      paramLabel = "WAY",
      description = "The ways to time: unmap-map, detach-attach, replace (default all).")
  Set<Way> ways = EnumSet.allOf(Way.class);

  @Option(
      names = "--seconds",
      paramLabel = "N",
      description =
          "The time for each way (default 2; 0.01 to 3600), once for single switches with a pause between them"
              + " and once for switches back to back. A switch that takes longer is made once."
              + " Ctrl-C ends it early and shows what was measured.")
  BigDecimal seconds = BigDecimal.TWO;

  @Option(
      names = "--hgrm",
      paramLabel = "FILE",
      description =
          "Writes the times of each way as a percentile distribution of HdrHistogram, in"
              + " microseconds, to a file of its own: x.hgrm becomes x-replace-1000x4K.hgrm.")
  String hgrm = "";

  @Option(
      names = "--svg",
      paramLabel = "FILE",
      description =
          "Draws the times as SVG, over percentiles and on logarithmic axes: a column for each"
              + " count, a row for each size, a line for each way.")
  String svg = "";

  /** For an invocation. */
  public BenchVerb(Invocation invocation) {
    super(invocation, Purpose.IOMMUFD);
  }

  @Override
  protected int run(Kernel kernel, Host host, PciDevice device, Renderer renderer) {
    SwitchOrder order = order(kernel);
    Optional<HgrmFiles> files = hgrm.isEmpty() ? Optional.empty() : Optional.of(HgrmFiles.at(hgrm));
    Optional<SvgFile> plot = svg.isEmpty() ? Optional.empty() : Optional.of(SvgFile.at(svg));
    Patience patience = wait.patience(invocation());
    // A signal while a device is bound so that it gets its group finds somebody who gives it back.
    invocation().interruption().begin();
    SwitchOutcome outcome;
    try (var grouped = LateGroup.of(kernel, device, TAKEN, patience, renderer::step)) {
      outcome = run(kernel, renderer, grouped.device(), order, patience);
    }
    files.ifPresent(to -> to.write(outcome));
    plot.ifPresent(to -> to.write(title(kernel, device), outcome));
    return exitCode(outcome);
  }

  private SwitchOutcome run(
      Kernel kernel, Renderer renderer, PciDevice device, SwitchOrder order, Patience patience) {
    ReplacePlan plan = ReplacePlan.of(kernel, device, TAKEN);
    // Changes nothing, and refuses what could not be taken before anybody is asked.
    VfioBinding binding = VfioBinding.prepare(kernel, plan.toBind(), patience);
    var planned = new Document.BenchPlan(kernel.identity(), plan, order);
    renderer.preface(planned);
    Consent.requireInRun(invocation(), planned);
    SwitchOutcome outcome;
    try (var shown = ShownProgress.on(invocation().terminal())) {
      var progress = shown.progress();
      outcome =
          new Switching(kernel, plan, binding, order, invocation().interruption(), progress).run();
    }
    renderer.result(new Document.Benched(kernel.identity(), plan, order, outcome));
    return outcome;
  }

  private static String title(Kernel kernel, PciDevice device) {
    return "Switches of " + device.address() + " by " + kernel.identity();
  }

  private int exitCode(SwitchOutcome outcome) {
    outcome.cases().stream()
        .flatMap(one -> one.limit().map(limit -> text(one, limit)).stream())
        .forEach(invocation()::tell);
    if (outcome.interrupted()) {
      invocation().tell(CliError.STOPPED);
      return ExitCode.STOPPED;
    }
    return outcome.complete() ? ExitCode.OK : ExitCode.REFUSED;
  }

  private static String text(SwitchCase one, SwitchCase.Limit limit) {
    return one.areas() + " areas of " + AreaSize.text(one.bytes()) + ": " + limit.message();
  }

  private SwitchOrder order(Kernel kernel) {
    for (int count : counts) {
      if (count < 1 || count > MAX_COUNT) {
        throw new UsageException("--count takes 1 to " + MAX_COUNT + " areas, not " + count);
      }
    }
    if (seconds.compareTo(MIN_SECONDS) < 0 || seconds.compareTo(MAX_SECONDS) > 0) {
      throw new UsageException(
          "--seconds takes " + MIN_SECONDS + " to " + MAX_SECONDS + ", not " + seconds);
    }
    long page = kernel.process().pageSize();
    List<Long> bytes = sizes.stream().map(text -> size(text, page)).toList();
    return new SwitchOrder(
        counts, bytes, ways, Duration.ofNanos(seconds.scaleByPowerOfTen(NANO_DIGITS).longValue()));
  }

  private static long size(String text, long page) {
    long bytes;
    try {
      bytes = AreaSize.parse(text);
    } catch (IllegalArgumentException wrong) {
      throw new UsageException("--size " + wrong.getMessage());
    }
    if (bytes < page || bytes > MAX_BYTES) {
      throw new UsageException(
          "--size takes "
              + AreaSize.text(page)
              + " to "
              + AreaSize.text(MAX_BYTES)
              + ", not "
              + text);
    }
    return bytes;
  }
}
