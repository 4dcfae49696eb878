// SPDX-License-Identifier: Apache-2.0
/**
 * One test body for every kernel: what a test is handed (the kernel, its devices, memory, other
 * processes), and the results in which IOMMU drivers differ.
 */
@NullMarked
package io.iommufd4j.conformance;

import org.jspecify.annotations.NullMarked;
