// SPDX-License-Identifier: Apache-2.0
/**
 * One function as vfio-pci offers it: regions, interrupts, features, dma-bufs and configuration
 * registers ({@code drivers/vfio/pci}). It exists apart because none of it knows who opened it.
 */
@NullMarked
package io.iommufd4j.sim.vfio.pci;

import org.jspecify.annotations.NullMarked;
