// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.vmm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.Hwpt;
import io.iommufd4j.cli.replace.Interruption;
import io.iommufd4j.cli.replace.NotPossibleException;
import io.iommufd4j.cli.replace.ProgressListener;
import io.iommufd4j.pci.Host;
import io.iommufd4j.process.IommufdContent;
import io.iommufd4j.process.IommufdProbe;
import io.iommufd4j.process.MappedIovas;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.uapi.HwptFlag;
import io.iommufd4j.uapi.IovaRange;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The IOVAs that another process' device writes, and every way that watching it can end. */
final class RunningWatchTest {

  private static final long PAGE = 4096;
  private static final long FIRST = 0x10_0000;
  private static final long SECOND = 0x80_0000;

  /** Does something after the first replace. */
  private record Meanwhile(Runnable action) implements ProgressListener {
    @Override
    public void did(String text) {
      if (text.startsWith("replaced")) {
        action.run();
      }
    }
  }

  private static RunningWatch.Outcome watch(
      SimulatedVmm vmm, Duration time, Interruption stop, Runnable meanwhile, IovaRange... named) {
    var order = new RunningOrder(Set.of(HwptFlag.DIRTY_TRACKING), false, time, 1);
    try (BorrowedDevice borrowed = vmm.borrow()) {
      RunningPlan plan = RunningPlan.of(Host.of(vmm.kernel), vmm.found(), borrowed, order);
      RunningWatch.check(borrowed, plan);
      return RunningWatch.of(borrowed, plan, List.of(named)).run(stop, new Meanwhile(meanwhile));
    }
  }

  private static RunningWatch.Outcome watch(
      SimulatedVmm vmm, Runnable meanwhile, IovaRange... named) {
    return watch(vmm, Duration.ZERO, new Interruption(), meanwhile, named);
  }

  private static IommufdContent content(SimulatedVmm vmm) {
    return IommufdProbe.look(vmm.iommufd);
  }

  private static IovaRange pages(long first, int count) {
    return new IovaRange(first, first + count * PAGE - 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"single:vtd", "single:smmuv3"})
  void showsWhatTheDeviceWroteAndNothingElse(String machine) {
    try (var vmm = SimulatedVmm.tracking(machine);
        var second = DmaBuffer.allocate(vmm.process, 1 << 20)) {
      vmm.ioas.map(second.segment(), SECOND, Access.READ_WRITE);
      IommufdContent before = content(vmm);
      EduDma.write(vmm.device, FIRST + PAGE, 8);

      RunningWatch.Outcome outcome =
          watch(
              vmm,
              () -> {
                EduDma.write(vmm.device, FIRST + 3 * PAGE - 4, 8);
                EduDma.write(vmm.device, SECOND + 0xf_f000, 8);
                EduDma.read(vmm.device, FIRST + 7 * PAGE, 8);
                second.segment().fill((byte) 1);
              });

      assertTrue(outcome.replaced().verified(), outcome.toString());
      List<WrittenRegion> regions = outcome.written().regions();
      assertEquals(
          List.of(pages(FIRST, 16), pages(SECOND, 256)),
          regions.stream().map(WrittenRegion::range).toList());
      assertEquals(List.of(pages(FIRST + 2 * PAGE, 2)), regions.getFirst().written());
      assertEquals(List.of(pages(SECOND + 0xf_f000, 1)), regions.getLast().written());
      assertEquals(3, outcome.written().writtenPages());
      assertEquals(
          List.of(0L, 0L, 1L, 1L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L),
          regions.getFirst().heat());
      assertEquals(4 * PAGE, regions.getLast().cellBytes());
      assertTrue(regions.getLast().heat().getLast() >= 1, outcome.toString());
      assertEquals(before, content(vmm));
    }
  }

  /** AMD-Vi has pages of every power of two, and notes a write to one of 1 MiB as such. */
  @Test
  void whereTheIommusPagesAreLargeMoreIsShown() {
    try (var vmm = SimulatedVmm.tracking("single:amd")) {
      RunningWatch.Outcome outcome =
          watch(vmm, () -> EduDma.write(vmm.device, FIRST + 9 * PAGE, 8));
      WrittenRegion region = outcome.written().regions().getFirst();
      assertEquals(1, region.written().size());
      IovaRange written = region.written().getFirst();
      assertTrue(written.contains(FIRST + 9 * PAGE), outcome.toString());
      assertEquals(1, Long.bitCount(region.writtenPages()), outcome.toString());
    }
  }

  @Test
  void heatIsHowOftenItWasWritten() throws InterruptedException {
    try (var vmm = SimulatedVmm.tracking("single:vtd")) {
      var stop = new Interruption();
      var writes =
          Thread.ofPlatform()
              .unstarted(() -> {
                while (!stop.asked()) {
                  EduDma.write(vmm.device, FIRST, 8);
                }
              });
      RunningWatch.Outcome outcome = watch(vmm, Duration.ofSeconds(1), stop, writes::start);
      stop.stop();
      writes.join();
      assertTrue(outcome.replaced().verified(), outcome.toString());
      assertTrue(outcome.written().looks() > 1, outcome.toString());
      assertTrue(outcome.written().regions().getFirst().heat().getFirst() > 1, outcome.toString());
      assertEquals(1, outcome.written().writtenPages());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"single:vtd", "single:amd", "single:virtio", "single:smmuv3"})
  void iommuThatCannotTrackIsToldBeforeAnythingChanges(String machine) {
    try (var vmm = SimulatedVmm.withHwpt(machine)) {
      IommufdContent before = content(vmm);
      String reason =
          assertThrows(NotPossibleException.class, () -> watch(vmm, () -> {})).getMessage();
      assertTrue(String.valueOf(reason).contains("no IOMMU_HW_CAP_DIRTY_TRACKING"), reason);
      assertEquals(before, content(vmm));
    }
  }

  @Test
  void processThatTracksItself() {
    try (var vmm = SimulatedVmm.trackingItself("single:vtd")) {
      String reason =
          assertThrows(NotPossibleException.class, () -> watch(vmm, () -> {})).getMessage();
      assertTrue(String.valueOf(reason).contains("itself made for dirty tracking"), reason);
    }
  }

  @Test
  void stopShowsWhatWasSeenSoFar() {
    try (var vmm = SimulatedVmm.tracking("single:vtd")) {
      IommufdContent before = content(vmm);
      var stop = new Interruption();
      RunningWatch.Outcome outcome =
          watch(
              vmm,
              Duration.ofHours(1),
              stop,
              () -> {
                EduDma.write(vmm.device, FIRST, 8);
                stop.stop();
              });
      assertTrue(outcome.replaced().interrupted());
      assertEquals(1, outcome.written().writtenPages());
      assertEquals(before, content(vmm));
    }
  }

  @Test
  void processThatEndsMeanwhile() {
    try (var vmm = SimulatedVmm.tracking("single:vtd")) {
      RunningWatch.Outcome outcome = watch(vmm, Duration.ofHours(1), new Interruption(), vmm::exit);
      assertEquals(Optional.empty(), outcome.replaced().now());
      assertEquals(0, vmm.kernel.control().census().contexts());
    }
  }

  /** As when the kernel has no memory for a look. */
  @Test
  void whatFailsMeanwhilePutsTheOldOneBack() {
    var failing =
        new NewHwptObserver() {
          @Override
          public void made(Hwpt hwpt) {
            hwpt.dirtyTracking(true);
          }

          @Override
          public void look() {
            throw new IllegalStateException("no look");
          }

          @Override
          public void left() {}
        };
    var order = new RunningOrder(Set.of(HwptFlag.DIRTY_TRACKING), false, Duration.ofSeconds(1), 1);
    try (var vmm = SimulatedVmm.tracking("single:vtd");
        BorrowedDevice borrowed = vmm.borrow()) {
      IommufdContent before = content(vmm);
      RunningPlan plan = RunningPlan.of(Host.of(vmm.kernel), vmm.found(), borrowed, order);
      var replacement =
          new RunningReplacement(
              borrowed, plan, new Interruption(), new Meanwhile(() -> {}), failing);
      assertThrows(IllegalStateException.class, replacement::run);
      assertEquals(before, content(vmm));
    }
  }

  @Test
  void namedIovasAreWatchedAndNoOthers() {
    try (var vmm = SimulatedVmm.tracking("single:vtd")) {
      RunningWatch.Outcome outcome =
          watch(
              vmm,
              () -> {
                EduDma.write(vmm.device, FIRST, 8);
                EduDma.write(vmm.device, FIRST + PAGE, 8);
              },
              pages(FIRST + PAGE, 2));
      assertEquals(
          List.of(pages(FIRST + PAGE, 1)), outcome.written().regions().getFirst().written());
    }
  }

  private static List<IovaRange> found(SimulatedVmm vmm, long enough) {
    IommufdContent.Ioas ioas = content(vmm).ioases().getFirst();
    return MappedIovas.of(vmm.iommufd, ioas, PAGE, enough);
  }

  @Test
  void whatIsMappedIsFoundByItsEdges() {
    try (var vmm = SimulatedVmm.withHwpt("single:vtd");
        var large = DmaBuffer.allocate(vmm.process, 5 << 20)) {
      var memory = large.segment();
      // Neighbours make one range; a page less in between makes two.
      vmm.ioas.map(memory.asSlice(0, 0x1000), 0x0, Access.READ);
      vmm.ioas.map(memory.asSlice(0x1000, 0x2000), 0x1000, Access.READ_WRITE);
      vmm.ioas.map(memory.asSlice(0x4000, 0x1000), 0x4000, Access.READ_WRITE);
      vmm.ioas.map(memory, 0x3ff_f000, Access.READ_WRITE);
      vmm.ioas.map(memory, 0x1_0000_0000L, Access.READ_WRITE);
      IommufdContent before = content(vmm);
      var all =
          List.of(
              pages(0, 3),
              pages(0x4000, 1),
              pages(FIRST, 16),
              pages(0x3ff_f000, 1280),
              pages(0x1_0000_0000L, 1280));
      assertEquals(all, found(vmm, Long.MAX_VALUE));
      assertEquals(all.subList(0, 3), found(vmm, 20 * PAGE));
      assertEquals(before, content(vmm));
    }
  }
}
