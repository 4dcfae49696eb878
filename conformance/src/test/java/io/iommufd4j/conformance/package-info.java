// SPDX-License-Identifier: Apache-2.0
/**
 * One test body for every kernel: what a test is handed (the kernel, its devices, memory), and the
 * lists of where a simulated kernel or a driver answers otherwise.
 */
@NullMarked
package io.iommufd4j.conformance;

import org.jspecify.annotations.NullMarked;
