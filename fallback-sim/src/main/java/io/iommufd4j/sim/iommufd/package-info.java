/**
 * /dev/iommu: the object table, IOAS and IO page table, HWPTs, dirty tracking, and every command's
 * checks.
 */
@NullMarked
package io.iommufd4j.sim.iommufd;

import org.jspecify.annotations.NullMarked;
