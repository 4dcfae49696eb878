// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.hint;

import io.iommufd4j.uapi.DeviceId;
import io.iommufd4j.uapi.HwptFlag;
import io.iommufd4j.uapi.IoasId;
import io.iommufd4j.uapi.IovaRange;
import io.iommufd4j.uapi.IovaRanges;
import io.iommufd4j.wire.IommufdCalls;
import io.iommufd4j.wire.KernelFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * The IOVAs that the page tables of a device's IOMMU can translate, and their smallest page.
 *
 * @param reach what an IOAS may map once such a page table is made of it
 */
record Aperture(IovaRanges reach) {

  /**
   * Asks the IOMMU's driver, by a page table of an empty IOAS that is destroyed at once.
   *
   * @return empty where it makes none
   */
  static Optional<Aperture> of(IommufdFacts iommufd, DeviceId device) {
    return inNewHwpt(
        iommufd,
        device,
        0,
        (ioas, hwpt) ->
            hwpt < 0
                ? Optional.empty()
                : Optional.of(new Aperture(iommufd.ioas(ioas).iovaRanges())));
  }

  /** True if the IOMMU of a device makes a page table with a flag; −errno is why not. */
  static int tryFlag(IommufdFacts iommufd, DeviceId device, HwptFlag flag) {
    return inNewHwpt(iommufd, device, flag.bit(), (_, hwpt) -> hwpt);
  }

  /** Looks at a page table of an empty IOAS, or at the −errno in its place, and destroys both. */
  private static <T> T inNewHwpt(
      IommufdFacts iommufd, DeviceId device, int flags, BiFunction<IoasId, Integer, T> look) {
    KernelFile file = iommufd.file();
    var ioas = new IoasId(IommufdCalls.newIoas(file));
    try {
      int hwpt = IommufdCalls.newHwpt(file, device, ioas, flags);
      try {
        return look.apply(ioas, hwpt);
      } finally {
        if (hwpt > 0) {
          IommufdCalls.destroy(file, hwpt);
        }
      }
    } finally {
      IommufdCalls.destroy(file, ioas.value());
    }
  }

  /**
   * True if the driver has not settled it yet: some do when a device is first attached to the page
   * table, and translate nothing before.
   */
  boolean open() {
    return reach.ranges().stream().allMatch(range -> range.last() == 0);
  }

  /** The mappings that lie outside, in order. */
  List<IovaRange> outside() {
    var outside = new ArrayList<IovaRange>();
    long from = 0;
    for (IovaRange range : reach.ranges()) {
      if (range.start() != from) {
        outside.add(new IovaRange(from, range.start() - 1));
      }
      from = range.last() + 1;
      if (from == 0) {
        return outside;
      }
    }
    outside.add(new IovaRange(from, -1));
    return outside;
  }
}
