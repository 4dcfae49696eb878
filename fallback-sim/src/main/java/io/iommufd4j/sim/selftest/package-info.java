// SPDX-License-Identifier: Apache-2.0
/**
 * The kernel's own mock IOMMU and {@code IOMMU_TEST_CMD}, so that a test written for a kernel with
 * {@code CONFIG_IOMMUFD_TEST} means the same here.
 */
@NullMarked
package io.iommufd4j.sim.selftest;

import org.jspecify.annotations.NullMarked;
