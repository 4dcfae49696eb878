// SPDX-License-Identifier: Apache-2.0
/**
 * VFIO's older way to a device, for hosts without cdevs: groups, and containers with the type 1
 * IOMMU behind them.
 */
@NullMarked
package io.iommufd4j.vfio.group;

import org.jspecify.annotations.NullMarked;
