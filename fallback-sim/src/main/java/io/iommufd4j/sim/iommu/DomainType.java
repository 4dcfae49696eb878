// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu;

/** The treatment of a device's DMA in a domain ({@code IOMMU_DOMAIN_*}). */
public enum DomainType {
  /** Every transaction is aborted. */
  BLOCKED,
  /** IOVA is physical address. */
  IDENTITY,
  /** Translated through a page table that its owner fills. */
  UNMANAGED,
  /** Translated, filled by the DMA API: a group's default domain. */
  DMA,
  /** A guest's page table on top of a nesting parent. */
  NESTED
}
