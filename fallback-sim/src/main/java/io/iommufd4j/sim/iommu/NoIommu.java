// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.hardware.Capability;
import io.iommufd4j.sim.iommu.hardware.HardwareInfo;
import io.iommufd4j.sim.iommu.hardware.ReservedRegion;
import io.iommufd4j.sim.lib.Refused;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The driver of devices that have no IOMMU ({@code iommufd_noiommu_ops}): it makes page tables that
 * no hardware walks, so that {@code IOMMU_IOAS_NOIOMMU_GET_PA} has something to read.
 */
public final class NoIommu implements IommuDriver {

  /** For all devices of a machine that has no IOMMU. */
  public NoIommu() {}

  @Override
  public String name() {
    return "none";
  }

  @Override
  public boolean translates() {
    return false;
  }

  @Override
  public @Nullable IommuDomain blockedDomain() {
    return null;
  }

  @Override
  public @Nullable IommuDomain allocDefault(IommuDevice device) {
    return null;
  }

  /** {@code noiommu_alloc_paging_flags}. */
  @Override
  public PagingDomain allocPaging(IommuDevice device, int flags) {
    if (flags != 0) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    return new NoIommuDomain(this);
  }

  @Override
  public boolean capable(IommuDevice device, Capability capability) {
    return false;
  }

  @Override
  public List<ReservedRegion> reservedRegions(IommuDevice device) {
    return List.of();
  }

  @Override
  public HardwareInfo hardwareInfo(IommuDevice device, int type) {
    throw Refused.with(Errno.EOPNOTSUPP);
  }
}
