// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.vmm;

import io.iommufd4j.uapi.IovaRange;
import java.util.List;

/**
 * The pages that DMA wrote in a range of IOVAs that is mapped without a gap.
 *
 * @param range the IOVAs
 * @param pageBytes bytes in a page
 * @param writtenPages pages that were written, each counted once
 * @param cellBytes bytes in a cell of the heat map; the last cell may be smaller
 * @param heat for each cell, how often one of its pages had been written at a look
 * @param written the pages that were written, put together where they are neighbours
 */
public record WrittenRegion(
    IovaRange range,
    long pageBytes,
    long writtenPages,
    long cellBytes,
    List<Long> heat,
    List<IovaRange> written) {

  /** Copies the lists. */
  public WrittenRegion {
    heat = List.copyOf(heat);
    written = List.copyOf(written);
  }

  /** Bytes in the range. */
  public long bytes() {
    return range.last() - range.start() + 1;
  }

  /** Pages in a cell of the heat map. */
  public long pagesOf(int cell) {
    return Math.min(cellBytes, bytes() - cell * cellBytes) / pageBytes;
  }
}
