// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.vmm;

import io.iommufd4j.Hwpt;
import io.iommufd4j.IommufdRef;
import io.iommufd4j.cli.replace.Check;
import io.iommufd4j.cli.replace.Interruption;
import io.iommufd4j.cli.replace.LatencySummary;
import io.iommufd4j.cli.replace.ProgressListener;
import io.iommufd4j.cli.replace.StoppedException;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.process.IommufdContent;
import io.iommufd4j.process.IommufdProbe;
import io.iommufd4j.uapi.HwptId;
import io.iommufd4j.uapi.PageTableId;
import io.iommufd4j.vfio.VfioDeviceRef;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Replaces the HWPT under a device that another process uses by another one of the same IOAS, and
 * puts the old one back. Both translate alike at every moment, since the kernel keeps the HWPTs of
 * an IOAS in step: what the process maps meanwhile is in both.
 */
public final class RunningReplacement {

  private static final Duration LOOK = Duration.ofMillis(200);

  private final BorrowedDevice borrowed;
  private final RunningPlan plan;
  private final Interruption interruption;
  private final ProgressListener progress;
  private final NewHwptObserver observer;
  private final IommufdRef iommufd;
  private final VfioDeviceRef device;
  private final List<Long> there = new ArrayList<>();
  private final List<Long> back = new ArrayList<>();
  private final List<Check> checks = new ArrayList<>();

  /** Prepares; {@link #run} begins. */
  public RunningReplacement(
      BorrowedDevice borrowed,
      RunningPlan plan,
      Interruption interruption,
      ProgressListener progress) {
    this(borrowed, plan, interruption, progress, NewHwptObserver.NONE);
  }

  RunningReplacement(
      BorrowedDevice borrowed,
      RunningPlan plan,
      Interruption interruption,
      ProgressListener progress,
      NewHwptObserver observer) {
    this.borrowed = borrowed;
    this.plan = plan;
    this.interruption = interruption;
    this.progress = progress;
    this.observer = observer;
    this.iommufd = borrowed.iommufd();
    this.device = borrowed.device();
  }

  /**
   * Does it, and leaves the process as it was, unless the new HWPT is to stay.
   *
   * @throws KernelException when the kernel refuses a step; the old HWPT translates then
   * @throws StoppedException when asked to stop before the first replace
   */
  public RunningOutcome run() {
    device.assumeBound(iommufd, plan.id());
    device.assumeAttached(plan.from());
    interruption.check();
    Optional<KillGuard> guard = plan.order().keep() ? Optional.empty() : borrowed.guard(plan);
    try {
      Hwpt made = iommufd.newHwpt(plan.id(), plan.ioas(), plan.order().flags());
      guard.ifPresent(waits -> waits.made(made.id()));
      progress.did("made " + made.id() + " of " + plan.ioas() + " in the process' iommufd");
      try {
        observer.made(made);
        return run(made);
      } catch (RuntimeException failed) {
        discard(made, failed);
        throw failed;
      }
    } finally {
      guard.ifPresent(KillGuard::close);
    }
  }

  private RunningOutcome run(Hwpt made) {
    HwptId old = plan.from();
    boolean automatic = false;
    boolean interrupted = false;
    int rounds = 0;
    while (rounds < plan.order().rounds() && !interrupted && !borrowed.ended(Duration.ZERO)) {
      timed(there, made.id());
      rounds++;
      boolean gone = !IommufdProbe.exists(iommufd, old);
      automatic |= gone;
      if (rounds == 1) {
        progress.did("replaced " + plan.from() + " by " + made.id());
      }
      if (plan.order().keep()) {
        checks.add(inUse(made));
        return outcome(made, automatic, Optional.of(made.id()), rounds, false);
      }
      interrupted = stay();
      if (borrowed.ended(Duration.ZERO)) {
        break;
      }
      Check used = inUse(made);
      if (!used.holds()) {
        // It is gone now, and what the process chose instead is not ours to change.
        checks.add(used);
        return outcome(made, automatic, Optional.empty(), rounds, interrupted);
      }
      if (rounds == 1) {
        checks.add(used);
      }
      PageTableId now = timed(back, gone ? plan.ioas() : old);
      old = now instanceof HwptId hwpt ? hwpt : old;
      progress.round(rounds, plan.order().rounds());
    }
    if (borrowed.ended(Duration.ZERO)) {
      progress.did(plan.owner() + " ended, and its iommufd with it");
      return outcome(made, automatic, Optional.empty(), rounds, interrupted);
    }
    observer.left();
    made.close();
    progress.did(
        "put "
            + old
            + " back"
            + (automatic ? ", made anew by the kernel for " + plan.ioas() : "")
            + ", and destroyed "
            + made.id());
    checks.add(asBefore(old));
    return outcome(made, automatic, Optional.of(old), rounds, interrupted);
  }

  private PageTableId timed(List<Long> times, PageTableId target) {
    long start = System.nanoTime();
    PageTableId now = device.replace(target);
    times.add(System.nanoTime() - start);
    return now;
  }

  /** True if somebody asked to stop. */
  private boolean stay() {
    long end = System.nanoTime() + plan.order().stay().toNanos();
    while (!interruption.asked() && System.nanoTime() < end) {
      long left = Math.min(end - System.nanoTime(), LOOK.toNanos());
      if (borrowed.ended(Duration.ofNanos(Math.max(left, 1_000_000)))) {
        return false;
      }
      observer.look();
    }
    return interruption.asked();
  }

  /** A HWPT that nothing is attached to goes by this, which is then in the process' own hands. */
  private Check inUse(Hwpt made) {
    try {
      iommufd.destroy(made.id());
      return new Check("the device is attached to the new HWPT", false, "destroying it succeeds");
    } catch (KernelException refused) {
      return new Check(
          "the device is attached to the new HWPT",
          refused.errno() == Errno.EBUSY,
          "destroying " + made.id() + " answers " + refused.errno().name());
    }
  }

  private Check asBefore(HwptId now) {
    IommufdContent content = IommufdProbe.look(iommufd);
    List<HwptId> hwpts = content.hwpts().stream().map(IommufdContent.Hwpt::id).toList();
    boolean same = hwpts.equals(List.of(plan.from())) && now.equals(plan.from());
    return new Check(
        "the process' iommufd has the HWPT that it had",
        same,
        "it has " + hwpts + ", and " + now + " translates");
  }

  /** After a refusal the old HWPT translates again or still, so that the new one can go. */
  private void discard(Hwpt made, RuntimeException failed) {
    if (borrowed.ended(Duration.ZERO)) {
      return;
    }
    try {
      boolean onNew = device.attached().filter(made.id()::equals).isPresent();
      if (onNew) {
        device.replace(IommufdProbe.exists(iommufd, plan.from()) ? plan.from() : plan.ioas());
      }
      made.close();
    } catch (KernelException refused) {
      failed.addSuppressed(refused);
    }
  }

  private RunningOutcome outcome(
      Hwpt made, boolean automatic, Optional<HwptId> now, int rounds, boolean interrupted) {
    return new RunningOutcome(
        plan.from(),
        made.id(),
        automatic,
        now,
        rounds,
        checks,
        summary(there),
        back.isEmpty() ? Optional.empty() : Optional.of(summary(back)),
        interrupted);
  }

  private static LatencySummary summary(List<Long> times) {
    return LatencySummary.of(times.stream().mapToLong(Long::longValue).toArray());
  }
}
