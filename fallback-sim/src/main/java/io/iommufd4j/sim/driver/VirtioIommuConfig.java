// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

import io.iommufd4j.sim.iommu.hardware.Capability;
import io.iommufd4j.sim.iommu.hardware.HardwareInfo;
import io.iommufd4j.sim.iommu.hardware.ReservedRegion;
import java.util.List;

/**
 * virtio-iommu's configuration ({@code struct virtio_iommu_config}), and what it answers to a probe
 * of any endpoint.
 *
 * @param pageSizeMask a bit for each page size
 * @param inputEnd inclusive last IOVA; the first is 0
 * @param reserved the endpoints' reserved regions
 */
public record VirtioIommuConfig(long pageSizeMask, long inputEnd, List<ReservedRegion> reserved)
    implements IommuRegisters {

  /** Copies what could change. */
  public VirtioIommuConfig {
    reserved = List.copyOf(reserved);
  }

  /** {@code viommu_domain_alloc_paging} knows no flags. */
  @Override
  public boolean serves(int flags) {
    return flags == 0;
  }

  @Override
  public long apertureLast(int flags) {
    return inputEnd;
  }

  @Override
  public long pageSizes(int flags) {
    return pageSizeMask;
  }

  /** {@code viommu_capable}. */
  @Override
  public boolean capable(Capability asked) {
    return asked == Capability.CACHE_COHERENCY || asked == Capability.DEFERRED_FLUSH;
  }

  /** {@code hw_info} is not there. */
  @Override
  public HardwareInfo info() {
    return HardwareInfo.NONE;
  }

  @Override
  public IommuModel model() {
    return IommuModel.VIRTIO;
  }

  @Override
  public VirtioIommuConfig trackingDirty(boolean tracks) {
    return this;
  }

  @Override
  public VirtioIommuConfig narrowedTo(int bits) {
    return new VirtioIommuConfig(pageSizeMask, (1L << bits) - 1, reserved);
  }
}
