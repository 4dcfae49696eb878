// SPDX-License-Identifier: Apache-2.0
/**
 * Models of devices: what lies behind the BARs of a PCI function, and what does DMA. It exists
 * apart so that a device is added without touching the PCI core or VFIO.
 */
@NullMarked
package io.iommufd4j.sim.device;

import org.jspecify.annotations.NullMarked;
