// SPDX-License-Identifier: Apache-2.0
/**
 * The interface of a device: what lies behind the BARs of a PCI function, and the port that its DMA
 * and interrupts leave by. It exists apart so that a library's author can simulate a device.
 */
@NullMarked
package io.iommufd4j.sim.device;

import org.jspecify.annotations.NullMarked;
