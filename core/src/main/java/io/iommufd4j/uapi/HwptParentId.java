// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.uapi;

/**
 * The id of an object that a HWPT is made from ({@code pt_id} of {@code IOMMU_HWPT_ALLOC}): an IOAS
 * for one that the kernel fills, a nesting parent or a vIOMMU for a nested one.
 */
public sealed interface HwptParentId extends ObjectId permits PageTableId, ViommuId {}
