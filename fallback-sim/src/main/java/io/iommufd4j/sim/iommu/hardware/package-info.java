/**
 * What IOMMUs and the devices behind them can do and say, as values: capabilities, registers,
 * reserved IOVAs, page requests. It exists apart because it needs nothing of the IOMMU core.
 */
@NullMarked
package io.iommufd4j.sim.iommu.hardware;

import org.jspecify.annotations.NullMarked;
