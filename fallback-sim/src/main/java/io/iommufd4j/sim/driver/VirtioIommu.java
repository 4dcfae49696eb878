// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

import io.iommufd4j.sim.iommu.IommuDomain;
import org.jspecify.annotations.Nullable;

/**
 * virtio-iommu ({@code virtio-iommu}): its new domain is empty until its mappings have been sent
 * again, so DMA in between is dropped. It has no domain that blocks, the core uses an empty one.
 */
public class VirtioIommu extends ModelDriver {

  /** A driver that runs one IOMMU. */
  public VirtioIommu(IommuUnit unit) {
    super("virtio-iommu", unit, AttachStrategy.BLOCKING_WINDOW);
  }

  @Override
  public boolean allocatesWithFlags() {
    return false;
  }

  @Override
  public @Nullable IommuDomain blockedDomain() {
    return null;
  }

  /** Mappings are sent as requests, whatever they allow. */
  @Override
  boolean mapsWithoutAccess() {
    return true;
  }

  @Override
  protected boolean attachesPasids(ModelDomain domain) {
    return false;
  }

  /** {@code viommu_attach_dev}: domains are numbered by each IOMMU. */
  @Override
  boolean fits(IommuUnit unit, ModelDomain to) {
    return unit.equals(to.unit());
  }
}
