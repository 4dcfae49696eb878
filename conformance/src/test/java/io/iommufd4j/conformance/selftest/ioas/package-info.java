// SPDX-License-Identifier: Apache-2.0
/**
 * The kernel's cases of its fixture {@code iommufd_ioas}: areas, ranges, options, accesses, nested
 * HWPTs.
 */
@NullMarked
package io.iommufd4j.conformance.selftest.ioas;

import org.jspecify.annotations.NullMarked;
