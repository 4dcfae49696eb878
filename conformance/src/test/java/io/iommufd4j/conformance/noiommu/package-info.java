// SPDX-License-Identifier: Apache-2.0
/**
 * Devices that no IOMMU translates for, as VFIO hands them out in no-IOMMU mode: their nodes and
 * groups, page tables that only software reads, and physical addresses.
 */
@NullMarked
package io.iommufd4j.conformance.noiommu;

import org.jspecify.annotations.NullMarked;
