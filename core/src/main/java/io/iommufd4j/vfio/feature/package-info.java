// SPDX-License-Identifier: Apache-2.0
/**
 * Features of VFIO devices ({@code VFIO_DEVICE_FEATURE}): low power, dma-bufs, migration, logging
 * of DMA, bus mastering.
 */
@NullMarked
package io.iommufd4j.vfio.feature;

import org.jspecify.annotations.NullMarked;
