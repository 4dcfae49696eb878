// SPDX-License-Identifier: Apache-2.0
/**
 * The typed API as far as it can be tried without an IOMMU: what is pure, and what any Linux
 * answers a descriptor of another kind.
 */
@NullMarked
package io.iommufd4j;

import org.jspecify.annotations.NullMarked;
