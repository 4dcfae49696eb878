// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.vmm;

import java.time.Duration;
import java.util.List;

/**
 * The IOVAs that a device wrote while it was watched.
 *
 * @param regions by ascending IOVAs
 * @param looks how often the pages were looked at; each look forgets what was written before it
 * @param time from the first replace to the last look
 */
public record WrittenPages(List<WrittenRegion> regions, int looks, Duration time) {

  /** Copies the list. */
  public WrittenPages {
    regions = List.copyOf(regions);
  }

  /** Bytes in all regions. */
  public long bytes() {
    return regions.stream().mapToLong(WrittenRegion::bytes).sum();
  }

  /** Pages that were written, in all regions. */
  public long writtenPages() {
    return regions.stream().mapToLong(WrittenRegion::writtenPages).sum();
  }
}
