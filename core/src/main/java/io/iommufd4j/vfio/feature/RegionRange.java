// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio.feature;

/**
 * A part of a region ({@code struct vfio_region_dma_range}).
 *
 * @param offset bytes from the region's start
 * @param length bytes
 */
public record RegionRange(long offset, long length) {}
