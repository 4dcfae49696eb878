// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.hint;

import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.wire.ProcessFiles;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The mappings of this process, as {@code /proc/self/maps} shows them: they tell why a kernel
 * cannot pin memory ({@code pin_user_pages}).
 */
public final class UserMemoryFacts {

  /** Memory that was mapped without being pinned is pinned once a page table needs it. */
  public static final String IOAS_NOT_PINNED =
      "memory that the IOAS maps cannot be pinned now: it was unmapped or made read-only since, or"
          + " never was memory that can be (a device's BAR)";

  private static final Pattern RANGE =
      Pattern.compile("(\\p{XDigit}+)-(\\p{XDigit}+) (\\S{4}) \\p{XDigit}+ \\S+ \\d+ *(.*)");

  /** Mappings of a VFIO device or of a device's resource file, which are no pages of memory. */
  private static final Pattern BAR =
      Pattern.compile("/dev/vfio/.*|anon_inode:\\[vfio-device]|/sys/devices/.*/resource\\d+(_wc)?");

  private static final String IN_GENERAL =
      "part of the memory cannot be pinned: it is not mapped, not writable though the device would"
          + " write, or a device's BAR; a BAR is mapped by exporting it as a dma-buf"
          + " (VFIO_DEVICE_FEATURE_DMA_BUF) and IOMMU_IOAS_MAP_FILE";

  /**
   * One mapping.
   *
   * @param access as {@code rw-p}
   * @param file what is mapped; empty for anonymous memory
   */
  private record Area(long start, long end, String access, String file) {

    boolean holds(long address) {
      return Long.compareUnsigned(start, address) <= 0 && Long.compareUnsigned(address, end) < 0;
    }
  }

  private final List<Area> areas;

  private UserMemoryFacts(List<Area> areas) {
    this.areas = areas;
  }

  static UserMemoryFacts of(Kernel kernel) {
    var areas = new ArrayList<Area>();
    for (String line : ProcessFiles.of(kernel).lines("maps")) {
      var range = RANGE.matcher(line);
      if (range.matches()) {
        long start = Long.parseUnsignedLong(range.group(1), 16);
        long end = Long.parseUnsignedLong(range.group(2), 16);
        areas.add(new Area(start, end, range.group(3), range.group(4)));
      }
    }
    return new UserMemoryFacts(areas);
  }

  /**
   * The reason why the kernel answers EFAULT for memory.
   *
   * @param writes whether the device would write
   */
  String whyNotPinned(long address, long length, boolean writes) {
    if (areas.isEmpty()) {
      return IN_GENERAL;
    }
    long at = address;
    while (Long.compareUnsigned(at - address, length) < 0) {
      long here = at;
      Area area = areas.stream().filter(one -> one.holds(here)).findFirst().orElse(null);
      if (area == null) {
        return "nothing is mapped in this process at " + hex(at);
      }
      String reason = reason(area, writes);
      if (!reason.isEmpty()) {
        return reason;
      }
      at = area.end();
    }
    return IN_GENERAL;
  }

  private static String reason(Area area, boolean writes) {
    String where =
        "the memory at "
            + hex(area.start())
            + "-"
            + hex(area.end() - 1)
            + (area.file().isEmpty() ? "" : " (" + area.file() + ")");
    if (BAR.matcher(area.file()).matches()) {
      return where
          + " is a device's BAR (PFN-mapped), which cannot be pinned: export the BAR as a dma-buf"
          + " (VFIO_DEVICE_FEATURE_DMA_BUF) and map that with IOMMU_IOAS_MAP_FILE";
    }
    if (!area.access().startsWith("r")) {
      return where + " may not be read (" + area.access() + ")";
    }
    if (writes && area.access().charAt(1) != 'w') {
      return where
          + " is read-only ("
          + area.access()
          + ") and the device would write: map it for reading, or make the memory writable";
    }
    return writes && area.access().endsWith("s") && isOrdinaryFile(area.file())
        ? where
            + " is a shared mapping of a file, which Linux pins for writing only on tmpfs and"
            + " hugetlbfs"
        : "";
  }

  private static boolean isOrdinaryFile(String file) {
    return file.startsWith("/")
        && !file.startsWith("/memfd:")
        && !file.startsWith("/dev/")
        && !file.startsWith("/SYSV");
  }

  private static String hex(long value) {
    return "0x" + Long.toHexString(value);
  }
}
