// SPDX-License-Identifier: Apache-2.0
/**
 * The kernel's cases of its fixture {@code iommufd_viommu}: virtual IOMMUs, their devices, events
 * and hardware queues.
 */
@NullMarked
package io.iommufd4j.conformance.selftest.viommu;

import org.jspecify.annotations.NullMarked;
