// SPDX-License-Identifier: Apache-2.0
/**
 * IOMMU drivers as the real ones behave: what a device's DMA meets before, during and after a
 * replace, and what a driver makes of its hardware's registers.
 */
@NullMarked
package io.iommufd4j.sim.driver;

import org.jspecify.annotations.NullMarked;
