// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.switching;

import org.HdrHistogram.Histogram;

/**
 * The switches that were made one way.
 *
 * @param way which
 * @param nanos how long each took
 * @param single transfers around single switches, each of which waited until DMA arrived again
 * @param backToBack transfers during switches without a pause
 */
public record WayResult(Way way, Histogram nanos, DmaCount single, DmaCount backToBack) {

  /** The middle one. */
  public long medianNanos() {
    return nanos.getValueAtPercentile(50);
  }
}
