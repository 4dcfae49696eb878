package io.iommufd4j;

import io.iommufd4j.bindings.iommufd.iommu_hwpt_alloc;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

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
  static Optional<Aperture> of(IommufdRef iommufd, DeviceId device) {
    KernelFile file = iommufd.file();
    int ioas = IoasProbe.newIoas(file);
    try {
      int hwpt = newHwpt(file, device.value(), ioas, 0);
      if (hwpt < 0) {
        return Optional.empty();
      }
      try {
        return Optional.of(new Aperture(iommufd.ioas(new IoasId(ioas)).iovaRanges()));
      } finally {
        IoasProbe.destroy(file, hwpt);
      }
    } finally {
      IoasProbe.destroy(file, ioas);
    }
  }

  /** True if the IOMMU of a device makes a page table with a flag; −errno is why not. */
  static int tryFlag(IommufdRef iommufd, DeviceId device, HwptFlag flag) {
    KernelFile file = iommufd.file();
    int ioas = IoasProbe.newIoas(file);
    try {
      int hwpt = newHwpt(file, device.value(), ioas, flag.bit());
      if (hwpt > 0) {
        IoasProbe.destroy(file, hwpt);
      }
      return hwpt;
    } finally {
      IoasProbe.destroy(file, ioas);
    }
  }

  private static int newHwpt(KernelFile iommufd, int device, int ioas, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      var block = iommu_hwpt_alloc.allocate(arena);
      iommu_hwpt_alloc.size(block, (int) block.byteSize());
      iommu_hwpt_alloc.flags(block, flags);
      iommu_hwpt_alloc.dev_id(block, device);
      iommu_hwpt_alloc.pt_id(block, ioas);
      iommu_hwpt_alloc.data_type(block, iommufd_h.IOMMU_HWPT_DATA_NONE());
      int answer = iommufd.tryIoctl(Request.IOMMU_HWPT_ALLOC, block);
      return answer < 0 ? answer : iommu_hwpt_alloc.out_hwpt_id(block);
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
