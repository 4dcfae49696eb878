// SPDX-License-Identifier: Apache-2.0
/**
 * A descriptor of a kernel, the blocks of requests, and the hint for a refused request. For this
 * project's own packages.
 */
@NullMarked
package io.iommufd4j.wire;

import org.jspecify.annotations.NullMarked;
