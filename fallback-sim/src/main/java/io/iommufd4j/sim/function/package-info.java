// SPDX-License-Identifier: Apache-2.0
/**
 * The PCI functions of a machine, by what they show and what is behind them. It exists apart so
 * that a function is added without touching the PCI core or VFIO.
 */
@NullMarked
package io.iommufd4j.sim.function;

import org.jspecify.annotations.NullMarked;
