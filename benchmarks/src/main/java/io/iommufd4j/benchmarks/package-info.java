// SPDX-License-Identifier: Apache-2.0
/**
 * Benchmarks of the calls: replace beside detach + attach, map and unmap, very many areas, on the
 * simulated kernel and on the real one. Only ratios within one run mean anything.
 */
@NullMarked
package io.iommufd4j.benchmarks;

import org.jspecify.annotations.NullMarked;
