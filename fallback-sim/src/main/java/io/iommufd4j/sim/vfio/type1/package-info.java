// SPDX-License-Identifier: Apache-2.0
/**
 * The type 1 IOMMU of VFIO's containers, with its mappings and dirty pages. It exists apart because
 * it needs memory, accounting and groups, and no device.
 */
@NullMarked
package io.iommufd4j.sim.vfio.type1;

import org.jspecify.annotations.NullMarked;
