// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu.hardware;

/** An ability of a driver for a device ({@code enum iommu_cap}). */
public enum Capability {
  CACHE_COHERENCY,
  ENFORCE_CACHE_COHERENCY,
  NOEXEC,
  DIRTY_TRACKING,
  DEFERRED_FLUSH,
  PCI_ATS_SUPPORTED
}
