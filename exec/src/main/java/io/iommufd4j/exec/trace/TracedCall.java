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
public record TracedCall(int thread, ForeignRequest request, TraceEvent event) {}
