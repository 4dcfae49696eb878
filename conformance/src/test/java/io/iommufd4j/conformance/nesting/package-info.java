// SPDX-License-Identifier: Apache-2.0
/**
 * A guest's page tables on real IOMMU drivers: virtual IOMMUs, nested HWPTs, invalidation, events.
 */
@NullMarked
package io.iommufd4j.conformance.nesting;

import org.jspecify.annotations.NullMarked;
