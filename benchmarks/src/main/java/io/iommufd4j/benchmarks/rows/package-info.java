// SPDX-License-Identifier: Apache-2.0
/**
 * The table that {@code benchmarks/rows} keeps: what each benchmark measured, when and where, and
 * how a fresh measurement compares with it.
 */
@NullMarked
package io.iommufd4j.benchmarks.rows;

import org.jspecify.annotations.NullMarked;
