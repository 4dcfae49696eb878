// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.trace;

import io.iommufd4j.kernel.ForeignRequest;
import io.iommufd4j.kernel.TraceEvent;

/**
 * A request that a program has made.
 *
 * @param thread that made it
 * @param request the request
 * @param event its fields and its answer, with flags and ids by name
 */
public record TracedCall(int thread, ForeignRequest request, TraceEvent event) {

  /** One line: {@code [4711] IOMMU_IOAS_MAP(fd=5</dev/iommu>, …) = 0 {iova=0x1000} 12345 ns}. */
  @Override
  public String toString() {
    return "[" + thread + "] " + event;
  }
}
