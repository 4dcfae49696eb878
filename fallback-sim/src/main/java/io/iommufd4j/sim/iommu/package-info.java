// SPDX-License-Identifier: Apache-2.0
/**
 * The IOMMU core: groups, devices, domains; attach, replace, rollback, DMA ownership, recovery from
 * a reset.
 */
@NullMarked
package io.iommufd4j.sim.iommu;

import org.jspecify.annotations.NullMarked;
