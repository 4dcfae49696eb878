// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu;

import io.iommufd4j.sim.lib.Refused;

/** A domain with a page table ({@code IOMMU_DOMAIN_UNMANAGED} and {@code IOMMU_DOMAIN_DMA}). */
public abstract class PagingDomain extends IommuDomain {

  /** DMA may read what is mapped with this ({@code IOMMU_READ}). */
  public static final int READ = 1;

  /** DMA may write what is mapped with this ({@code IOMMU_WRITE}). */
  public static final int WRITE = 1 << 1;

  private final PageTable table;

  protected PagingDomain(DomainType type, IommuDriver driver, PageTable table) {
    super(type, driver);
    this.table = table;
  }

  /** The table that hardware walks. */
  public final PageTable table() {
    return table;
  }

  /**
   * {@code iommu_map}. All four are multiples of the smallest page size.
   *
   * @throws Refused EADDRINUSE where something is mapped, ERANGE outside the aperture, EINVAL for
   *     neither reading nor writing where the page table cannot say so
   */
  public final void map(long iova, long physical, long bytes, int protection) {
    map(iova, physical, bytes, protection, -1);
  }

  /**
   * {@code iommu_map} in pieces, so that each can be unmapped by itself.
   *
   * @param largest bytes in a piece, a power of two; all bits for a single piece
   * @throws Refused as {@link #map(long, long, long, int)}
   */
  public void map(long iova, long physical, long bytes, int protection, long largest) {
    table.map(iova, physical, bytes, protection, largest);
  }

  /**
   * {@code iommu_unmap}.
   *
   * @return bytes unmapped, from the start on without a hole; more than asked for when the last of
   *     them lay within a larger page of the table
   */
  public long unmap(long iova, long bytes) {
    return table.unmap(iova, bytes);
  }

  /**
   * Makes all DMA snoop caches, also where the device asks for none ({@code
   * enforce_cache_coherency}); false when that is not supported.
   */
  public boolean enforceCacheCoherency() {
    return false;
  }

  /** True if hardware can track which pages DMA wrote ({@code dirty_ops}). */
  public boolean tracksDirty() {
    return false;
  }

  /**
   * {@code set_dirty_tracking}.
   *
   * @throws Refused EOPNOTSUPP when {@link #tracksDirty} says no
   */
  public void setDirtyTracking(boolean on) {
    table.setDirtyTracking(on);
  }

  @Override
  public long translate(long iova, boolean write) {
    return table.translate(iova, write);
  }

  @Override
  public long contiguous(long iova) {
    return table.contiguous(iova);
  }
}
