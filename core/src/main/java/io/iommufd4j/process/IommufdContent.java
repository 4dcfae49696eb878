// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.process;

import io.iommufd4j.data.HwInfo;
import io.iommufd4j.uapi.DeviceId;
import io.iommufd4j.uapi.HwptId;
import io.iommufd4j.uapi.IoasId;
import io.iommufd4j.uapi.IovaRanges;
import java.util.List;
import java.util.Optional;

/**
 * The objects of an iommufd at one moment, each list by ascending ids. Linux tells nobody which
 * HWPT a device is attached to, nor which IOAS a HWPT was made from.
 *
 * @param rlimitPerProcess pinned memory counts against each process' limit ({@code
 *     IOMMU_OPTION_RLIMIT_MODE})
 * @param ioases IOASes
 * @param devices devices that are bound
 * @param hwpts HWPTs that translate by an IOAS
 * @param nested ids of nested HWPTs
 * @param viommus ids of vIOMMUs
 * @param others ids of objects whose kind no request tells: fault queues, vDEVICEs, event queues,
 *     hardware queues, and mediated devices
 */
public record IommufdContent(
    boolean rlimitPerProcess,
    List<Ioas> ioases,
    List<Device> devices,
    List<Hwpt> hwpts,
    List<Integer> nested,
    List<Integer> viommus,
    List<Integer> others) {

  /** Copies the lists. */
  public IommufdContent {
    ioases = List.copyOf(ioases);
    devices = List.copyOf(devices);
    hwpts = List.copyOf(hwpts);
    nested = List.copyOf(nested);
    viommus = List.copyOf(viommus);
    others = List.copyOf(others);
  }

  /**
   * An IOAS.
   *
   * @param id its id
   * @param ranges the IOVAs that it can map
   * @param hugePages pages are put together where they can ({@code IOMMU_OPTION_HUGE_PAGES})
   */
  public record Ioas(IoasId id, IovaRanges ranges, boolean hugePages) {}

  /**
   * A device that is bound.
   *
   * @param id its id
   * @param hardware what the IOMMU before it offers; empty where that is not told, as in no-IOMMU
   *     mode
   */
  public record Device(DeviceId id, Optional<HwInfo> hardware) {}

  /**
   * A HWPT that translates by an IOAS.
   *
   * @param id its id
   * @param dirtyTracking it was made so that writes can be tracked; whether they are tracked at
   *     this moment Linux does not tell
   */
  public record Hwpt(HwptId id, boolean dirtyTracking) {}

  /** {@return the number of objects} */
  public int size() {
    return ioases.size()
        + devices.size()
        + hwpts.size()
        + nested.size()
        + viommus.size()
        + others.size();
  }
}
