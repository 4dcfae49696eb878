// SPDX-License-Identifier: Apache-2.0
/**
 * The report that {@code benchmarks/switching} makes of its runs: tables, plots and percentile
 * files.
 */
@NullMarked
package io.iommufd4j.benchmarks.report;

import org.jspecify.annotations.NullMarked;
