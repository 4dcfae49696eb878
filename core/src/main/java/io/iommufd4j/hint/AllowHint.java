// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.hint;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.uapi.IovaRange;
import io.iommufd4j.uapi.IovaRanges;
import io.iommufd4j.wire.Hint;
import java.util.List;

/**
 * Finds why {@code IOMMU_IOAS_ALLOW_IOVAS} was refused ({@code iommufd_ioas_allow_iovas}).
 *
 * @param ioas the IOAS
 * @param ranges what to allow
 */
public record AllowHint(IoasFacts ioas, List<IovaRange> ranges) implements Hint {

  @Override
  public String of(ErrnoCode errno) {
    return switch (errno) {
      case Errno.EADDRINUSE -> inUse();
      case Errno.EINVAL -> invalid();
      default -> "";
    };
  }

  private String inUse() {
    IovaRanges usable = ioas.iovaRanges();
    return ranges.stream()
        .filter(range -> !usable.allow(range))
        .findFirst()
        .map(range ->
            range
                + " cannot be allowed: an attached device reserves part of it, or its IOMMU cannot"
                + " translate it; free of that are "
                + usable.ranges())
        .orElse("");
  }

  private String invalid() {
    for (int i = 0; i < ranges.size(); i++) {
      IovaRange range = ranges.get(i);
      if (range.start() == range.last()) {
        return range + " is of one byte: a range to allow has two or more";
      }
      for (IovaRange other : ranges.subList(0, i)) {
        if (range.overlaps(other)) {
          return other + " and " + range + " overlap";
        }
      }
    }
    return "";
  }
}
