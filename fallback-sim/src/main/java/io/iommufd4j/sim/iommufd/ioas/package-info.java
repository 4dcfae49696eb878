// SPDX-License-Identifier: Apache-2.0
/**
 * The IO address space: areas, the pages behind them, the domains that carry a copy, and the IOVAs
 * that are free. /dev/iommu is below it.
 */
@NullMarked
package io.iommufd4j.sim.iommufd.ioas;

import org.jspecify.annotations.NullMarked;
