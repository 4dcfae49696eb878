// SPDX-License-Identifier: Apache-2.0
/**
 * Requests to the kernel's mock driver ({@code IOMMU_TEST_CMD}) and to what stands on it, as the
 * kernel's own cases make them.
 */
@NullMarked
package io.iommufd4j.conformance.selftest.driver;

import org.jspecify.annotations.NullMarked;
