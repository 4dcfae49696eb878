// SPDX-License-Identifier: Apache-2.0
/** One IOAS: map, unmap, copy, files, IOVA ranges, options, with and without a domain behind it. */
@NullMarked
package io.iommufd4j.conformance.ioas;

import org.jspecify.annotations.NullMarked;
