// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.switching;

import java.util.List;
import java.util.Optional;

/**
 * One case, and what was measured of it.
 *
 * @param areas how many were wanted
 * @param bytes of each
 * @param fillNanos the time to map all of them into an IOAS with a HWPT; 0 when not all could be
 * @param dma true if the device did DMA
 * @param quiet transfers without any switch
 * @param ways the results, in the order of {@link Way}
 * @param limit why it could not be measured
 */
public record SwitchCase(
    int areas,
    long bytes,
    long fillNanos,
    boolean dma,
    DmaCount quiet,
    List<WayResult> ways,
    Optional<Limit> limit) {

  /** Copies the list. */
  public SwitchCase {
    ways = List.copyOf(ways);
  }

  /**
   * The areas did not all go in.
   *
   * @param placed how many did
   * @param errno of the kernel by name; empty when there are no IOVAs for more
   * @param message one line
   */
  public record Limit(int placed, Optional<String> errno, String message) {}
}
