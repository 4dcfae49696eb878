// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.vmm;

import io.iommufd4j.cli.replace.Interruption;
import io.iommufd4j.cli.replace.NotPossibleException;
import io.iommufd4j.cli.replace.ProgressListener;
import io.iommufd4j.data.HwCapability;
import io.iommufd4j.data.HwInfo;
import io.iommufd4j.data.HwRegisters;
import io.iommufd4j.process.IommufdContent;
import io.iommufd4j.process.MappedIovas;
import io.iommufd4j.uapi.IovaRange;
import java.util.List;
import java.util.Optional;

/**
 * Watches which IOVAs a device that another process uses writes: for that time a HWPT made for
 * dirty tracking translates in place of the process' own.
 */
public final class RunningWatch {

  private static final long PAGE = 4096;

  private final BorrowedDevice borrowed;
  private final RunningPlan plan;
  private final List<IovaRange> regions;

  private RunningWatch(BorrowedDevice borrowed, RunningPlan plan, List<IovaRange> regions) {
    this.borrowed = borrowed;
    this.plan = plan;
    this.regions = regions;
  }

  /**
   * The result.
   *
   * @param written what was written
   * @param replaced the replace that it took, and the way back
   */
  public record Outcome(WrittenPages written, RunningOutcome replaced) {}

  /**
   * Prepares, and changes nothing that the process can observe.
   *
   * @param plan a replace by a HWPT for dirty tracking, and back
   * @throws NotPossibleException when the IOMMU does not track, or when the process tracks itself
   */
  public static void check(BorrowedDevice borrowed, RunningPlan plan) {
    IommufdContent content = borrowed.content();
    content.devices().stream()
        .filter(device -> device.id().equals(plan.id()))
        .flatMap(device -> device.hardware().stream())
        .filter(hardware -> !hardware.capabilities().contains(HwCapability.DIRTY_TRACKING))
        .findFirst()
        .ifPresent(hardware -> {
          throw new NotPossibleException(
              "the IOMMU before "
                  + plan.address()
                  + " does not note which pages DMA writes: IOMMU_GET_HW_INFO has no"
                  + " IOMMU_HW_CAP_DIRTY_TRACKING, and a HWPT made for it would be refused with"
                  + " EOPNOTSUPP; "
                  + missing(hardware));
        });
    boolean tracks =
        content.hwpts().stream()
            .anyMatch(hwpt -> hwpt.id().equals(plan.from()) && hwpt.dirtyTracking());
    if (tracks) {
      throw new NotPossibleException(
          plan.from()
              + " of "
              + plan.owner()
              + " is itself made for dirty tracking, as for a migration: what DMA writes meanwhile"
              + " it would miss");
    }
  }

  private static String missing(HwInfo hardware) {
    return switch (hardware.registers()) {
      case HwRegisters.Vtd vtd ->
          "VT-d takes ECAP.SMTS, SLADS and SMPWC (bits 43, 45 and 48) for it, and has "
              + register(vtd.extendedCapability());
      case HwRegisters.Amd amd ->
          "AMD-Vi takes EFR.HDSup (bit 52) for it, and has " + register(amd.features());
      case HwRegisters.SmmuV3 smmu ->
          "SMMUv3 takes IDR0.HTTU (bits 6 and 7) of 2 and coherent table walks (bit 4) for it, and"
              + " has "
              + register(Integer.toUnsignedLong(smmu.idr().getFirst()));
      case HwRegisters.Tegra241Cmdqv _, HwRegisters.None _, HwRegisters.Other _ ->
          "its driver, as that of virtio-iommu, offers none";
    };
  }

  private static String register(long value) {
    return "0x" + Long.toHexString(value);
  }

  /**
   * Finds what the process has mapped.
   *
   * @param named IOVAs to watch; empty to search
   * @throws NotPossibleException when nothing is found
   */
  public static RunningWatch of(BorrowedDevice borrowed, RunningPlan plan, List<IovaRange> named) {
    if (!named.isEmpty()) {
      return new RunningWatch(borrowed, plan, named);
    }
    IommufdContent.Ioas ioas =
        borrowed.content().ioases().stream()
            .filter(of -> of.id().equals(plan.ioas()))
            .findFirst()
            .orElseThrow();
    List<IovaRange> found =
        MappedIovas.of(
            borrowed.iommufd(), ioas, PAGE, borrowed.pinnedBytes().orElse(Long.MAX_VALUE));
    if (found.isEmpty()) {
      throw new NotPossibleException(
          "no mapping of " + plan.ioas() + " was found: name IOVAs by --iova");
    }
    return new RunningWatch(borrowed, plan, found);
  }

  /** Bytes that the process has pinned and that are not watched; empty when it is not shown. */
  public Optional<Long> unwatchedBytes() {
    long watched = regions.stream().mapToLong(range -> range.last() - range.start() + 1).sum();
    return borrowed.pinnedBytes().isPresent()
        ? Optional.of(Math.max(0, borrowed.pinnedBytes().getAsLong() - watched))
        : Optional.empty();
  }

  /** Does it, and leaves the process as it was, as {@link RunningReplacement#run}. */
  public Outcome run(Interruption interruption, ProgressListener progress) {
    var watch = new DirtyWatch(regions, PAGE);
    RunningOutcome replaced =
        new RunningReplacement(borrowed, plan, interruption, progress, watch).run();
    return new Outcome(watch.written(), replaced);
  }
}
