/**
 * IOMMU drivers as the real ones behave under replace: what a device's DMA meets before, during and
 * after.
 */
@NullMarked
package io.iommufd4j.sim.driver;

import org.jspecify.annotations.NullMarked;
