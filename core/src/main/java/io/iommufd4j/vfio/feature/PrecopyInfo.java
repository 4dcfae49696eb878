// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio.feature;

/**
 * The data that a migration has left to read while the device runs ({@code struct
 * vfio_precopy_info}).
 *
 * @param initialBytes of the initial data
 * @param dirtyBytes of what has changed since it was read
 * @param newInitialData true if initial data has come up anew; only after {@link
 *     Migration#reportNewInitialData}
 */
public record PrecopyInfo(long initialBytes, long dirtyBytes, boolean newInitialData) {}
