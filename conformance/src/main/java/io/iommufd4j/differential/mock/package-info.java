// SPDX-License-Identifier: Apache-2.0
/**
 * Steps and sequences of programs with devices of the kernel's mock driver ({@code
 * IOMMU_TEST_CMD}).
 */
@NullMarked
package io.iommufd4j.differential.mock;

import org.jspecify.annotations.NullMarked;
