// SPDX-License-Identifier: Apache-2.0
/**
 * Each errno of bind, attach, replace, HWPT_ALLOC, map, map-file, copy and unmap, provoked by each
 * of its known causes through the typed API: the hint names the one that it was.
 */
@NullMarked
package io.iommufd4j.conformance.hints;

import org.jspecify.annotations.NullMarked;
