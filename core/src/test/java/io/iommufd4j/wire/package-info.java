// SPDX-License-Identifier: Apache-2.0
/** Hints and descriptors against what any Linux answers. */
@NullMarked
package io.iommufd4j.wire;

import org.jspecify.annotations.NullMarked;
