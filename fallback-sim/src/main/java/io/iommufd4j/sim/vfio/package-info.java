// SPDX-License-Identifier: Apache-2.0
/**
 * /dev/vfio: device nodes, groups and containers; bind and attach, config space, regions,
 * interrupts, reset; and the PCI functions behind.
 */
@NullMarked
package io.iommufd4j.sim.vfio;

import org.jspecify.annotations.NullMarked;
