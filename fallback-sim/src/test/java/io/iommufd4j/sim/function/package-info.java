// SPDX-License-Identifier: Apache-2.0
/** Tests of the PCI functions, and of the devices behind them as a driver meets them. */
@NullMarked
package io.iommufd4j.sim.function;

import org.jspecify.annotations.NullMarked;
