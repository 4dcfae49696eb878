/**
 * /dev/iommu: the object table, IOAS and IO page table, HWPTs, faults, dirty tracking, virtual
 * IOMMUs, and every command's checks.
 */
@NullMarked
package io.iommufd4j.sim.iommufd;

import org.jspecify.annotations.NullMarked;
