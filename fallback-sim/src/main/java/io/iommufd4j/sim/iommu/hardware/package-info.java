// SPDX-License-Identifier: Apache-2.0
/**
 * Properties of IOMMUs and the devices behind them, as values: capabilities, reserved IOVAs, page
 * requests. It exists apart because it needs nothing of the IOMMU core.
 */
@NullMarked
package io.iommufd4j.sim.iommu.hardware;

import org.jspecify.annotations.NullMarked;
