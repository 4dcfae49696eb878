// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.vmm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.cli.replace.Interruption;
import io.iommufd4j.cli.replace.NotPossibleException;
import io.iommufd4j.cli.replace.ProgressListener;
import io.iommufd4j.cli.replace.StoppedException;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.pci.Host;
import io.iommufd4j.process.IommufdContent;
import io.iommufd4j.process.IommufdProbe;
import io.iommufd4j.uapi.HwptFlag;
import io.iommufd4j.uapi.HwptId;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A replace under another process' device, and every way that it can end. */
final class RunningReplacementTest {

  private static final RunningOrder ONCE = order(Set.of(), false, Duration.ZERO, 1);

  private static RunningOrder order(Set<HwptFlag> flags, boolean keep, Duration stay, int rounds) {
    return new RunningOrder(flags, keep, stay, rounds);
  }

  /** Listens, and does something after a step. */
  private record After(String step, Runnable action) implements ProgressListener {
    @Override
    public void did(String text) {
      if (text.startsWith(step)) {
        action.run();
      }
    }
  }

  private static final ProgressListener QUIET = new After("nothing begins so", () -> {});

  private static RunningPlan plan(SimulatedVmm vmm, BorrowedDevice borrowed, RunningOrder order) {
    return RunningPlan.of(Host.of(vmm.kernel), vmm.found(), borrowed, order);
  }

  private static RunningOutcome run(SimulatedVmm vmm, RunningOrder order) {
    return run(vmm, order, new Interruption(), QUIET);
  }

  private static RunningOutcome run(
      SimulatedVmm vmm, RunningOrder order, Interruption stop, ProgressListener listener) {
    try (BorrowedDevice borrowed = vmm.borrow()) {
      RunningPlan plan = plan(vmm, borrowed, order);
      return new RunningReplacement(borrowed, plan, stop, listener).run();
    }
  }

  private static IommufdContent content(SimulatedVmm vmm) {
    return IommufdProbe.look(vmm.iommufd);
  }

  @ParameterizedTest
  @ValueSource(strings = {"two-function:vtd", "single:amd", "single:virtio", "single:smmuv3"})
  void leavesTheProcessAsItWas(String machine) {
    try (var vmm = SimulatedVmm.withHwpt(machine)) {
      IommufdContent before = content(vmm);
      int files = vmm.kernel.control().openFiles();
      RunningOutcome outcome = run(vmm, order(Set.of(), false, Duration.ZERO, 5));
      assertTrue(outcome.verified(), outcome.toString());
      assertEquals(5, outcome.rounds());
      assertFalse(outcome.automatic());
      assertEquals(Optional.of(vmm.attached()), outcome.now());
      assertEquals(before, content(vmm));
      assertEquals(files, vmm.kernel.control().openFiles());
      // The old HWPT is in use again: the process' own replace by it changes nothing.
      assertEquals(vmm.attached(), vmm.device.replace(vmm.attached()));
    }
  }

  @Test
  void automaticHwptIsMadeAnew() {
    try (var vmm = SimulatedVmm.automatic("single:vtd")) {
      IommufdContent before = content(vmm);
      RunningOutcome outcome = run(vmm, ONCE);
      assertTrue(outcome.automatic());
      assertTrue(outcome.verified(), outcome.toString());
      assertEquals(before, content(vmm));
    }
  }

  @Test
  void keptHwptTranslates() {
    try (var vmm = SimulatedVmm.withHwpt("single:smmuv3")) {
      RunningOutcome outcome = run(vmm, order(Set.of(), true, Duration.ZERO, 1));
      assertTrue(outcome.verified());
      assertEquals(Optional.of(outcome.to()), outcome.now());
      assertEquals(2, content(vmm).hwpts().size());
      var refused = assertThrows(KernelException.class, () -> vmm.iommufd.destroy(outcome.to()));
      assertEquals(Errno.EBUSY, refused.errno());
    }
  }

  @Test
  void stopPutsTheOldOneBack() {
    try (var vmm = SimulatedVmm.withHwpt("single:vtd")) {
      IommufdContent before = content(vmm);
      var stop = new Interruption();
      RunningOutcome outcome =
          run(
              vmm,
              order(Set.of(), false, Duration.ofHours(1), 9),
              stop,
              new After("replaced", stop::stop));
      assertTrue(outcome.interrupted());
      assertEquals(1, outcome.rounds());
      assertEquals(before, content(vmm));
      stop.stop();
      assertThrows(StoppedException.class, () -> run(vmm, ONCE, stop, QUIET));
      assertEquals(before, content(vmm));
    }
  }

  /** Its descriptors are gone at once: no descriptor here keeps its device. */
  @Test
  void processThatEndsMeanwhile() {
    try (var vmm = SimulatedVmm.withHwpt("single:vtd")) {
      RunningOutcome outcome =
          run(
              vmm,
              order(Set.of(), false, Duration.ofHours(1), 1),
              new Interruption(),
              new After("replaced", vmm::exit));
      assertEquals(Optional.empty(), outcome.now());
      assertEquals(0, vmm.kernel.control().census().contexts());
    }
  }

  /** The process attaches another page table while the new one translates. */
  @Test
  void processThatChangesItsMind() {
    try (var vmm = SimulatedVmm.withHwpt("single:vtd")) {
      var other = new HwptId[1];
      RunningOutcome outcome =
          run(
              vmm,
              ONCE,
              new Interruption(),
              new After(
                  "replaced",
                  () -> {
                    other[0] = vmm.iommufd.newHwpt(vmm.device, vmm.ioas).id();
                    vmm.device.replace(other[0]);
                  }));
      assertFalse(outcome.verified());
      var refused = assertThrows(KernelException.class, () -> vmm.iommufd.destroy(other[0]));
      assertEquals(Errno.EBUSY, refused.errno());
      assertEquals(2, content(vmm).hwpts().size());
    }
  }

  @Test
  void refusedHwptChangesNothing() {
    try (var vmm = SimulatedVmm.withHwpt("single:vtd")) {
      IommufdContent before = content(vmm);
      var refused =
          assertThrows(
              KernelException.class,
              () -> run(vmm, order(Set.of(HwptFlag.DIRTY_TRACKING), false, Duration.ZERO, 1)));
      assertEquals(Errno.EOPNOTSUPP, refused.errno());
      assertEquals(before, content(vmm));
    }
  }

  @Test
  void whatCannotBeDecidedIsRefused() {
    try (var vmm = SimulatedVmm.withHwpt("single:vtd")) {
      var second = vmm.iommufd.newHwpt(vmm.device, vmm.ioas);
      String reason = assertThrows(NotPossibleException.class, () -> run(vmm, ONCE)).getMessage();
      assertTrue(String.valueOf(reason).contains("2 HWPTs may be the one"), reason);
      second.close();
      vmm.device.detach();
      reason = assertThrows(NotPossibleException.class, () -> run(vmm, ONCE)).getMessage();
      assertTrue(String.valueOf(reason).contains("it is not attached"), reason);
      vmm.exit();
      assertThrows(RuntimeException.class, () -> run(vmm, ONCE));
    }
  }

  @Test
  void processWithoutTheDevice() {
    try (var vmm = SimulatedVmm.withHwpt("single:vtd")) {
      var other = vmm.kernel.control().start("other");
      String reason =
          assertThrows(
                  NotPossibleException.class,
                  () -> BorrowedDevice.of(vmm.kernel, vmm.found(), other.pid()))
              .getMessage();
      assertTrue(String.valueOf(reason).contains("does not have 0000:00:08.0 open"), reason);
    }
  }

  /** As a VM's manager hands them over. */
  @Test
  void descriptorsHandedOver() {
    try (var vmm = SimulatedVmm.withHwpt("single:vtd")) {
      int pidfd = vmm.kernel.pidfd(vmm.process.pid());
      int iommufd = vmm.kernel.pidfdGetfd(pidfd, vmm.iommufd.fd());
      int device = vmm.kernel.pidfdGetfd(pidfd, vmm.device.fd());
      IommufdContent before = content(vmm);
      try (BorrowedDevice handed = BorrowedDevice.ofFds(vmm.kernel, vmm.found(), iommufd, device)) {
        RunningPlan plan = plan(vmm, handed, ONCE);
        var replacement = new RunningReplacement(handed, plan, new Interruption(), QUIET);
        assertTrue(replacement.run().verified());
      }
      assertEquals(before, content(vmm));
      // They stay their owner's to close.
      assertEquals(0, vmm.kernel.close(device));
      assertEquals(0, vmm.kernel.close(iommufd));
      assertEquals(0, vmm.kernel.close(pidfd));
    }
  }
}
