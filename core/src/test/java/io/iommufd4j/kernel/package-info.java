// SPDX-License-Identifier: Apache-2.0
/** The seam's own parts: the catalogue of requests, and the trace over the host's kernel. */
@NullMarked
package io.iommufd4j.kernel;

import org.jspecify.annotations.NullMarked;
