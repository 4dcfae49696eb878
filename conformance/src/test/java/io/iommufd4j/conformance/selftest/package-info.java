// SPDX-License-Identifier: Apache-2.0
/**
 * The kernel's own test cases for iommufd, written again as these tests, so that they run on a
 * simulated kernel too. Which test stands for which case is in {@code selftest.tsv}.
 */
@NullMarked
package io.iommufd4j.conformance.selftest;

import org.jspecify.annotations.NullMarked;
