// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_DIRTY_TRACKING;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.DomainType;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.IommuDomain;
import io.iommufd4j.sim.iommu.PageTable;
import io.iommufd4j.sim.iommu.PagingDomain;
import io.iommufd4j.sim.iommu.hardware.Capability;
import io.iommufd4j.sim.lib.Refused;
import org.jspecify.annotations.Nullable;

/** A page table in the format of one IOMMU; attaching it is its driver's to do. */
final class ModelDomain extends PagingDomain {

  private final ModelDriver model;
  private final IommuUnit unit;
  private final int flags;

  ModelDomain(DomainType type, ModelDriver model, IommuUnit unit, int flags) {
    super(
        type,
        model,
        new PageTable(0, model.apertureLast(unit, flags), model.pageSizes(unit, flags)));
    this.model = model;
    this.unit = unit;
    this.flags = flags;
  }

  /** The IOMMU it was made for. */
  IommuUnit unit() {
    return unit;
  }

  /** {@code IOMMU_HWPT_ALLOC_*} it was made with. */
  int flags() {
    return flags;
  }

  @Override
  public void map(long iova, long physical, long bytes, int protection, long largest) {
    if ((protection & (READ | WRITE)) == 0 && !model.mapsWithoutAccess()) {
      throw Refused.with(Errno.EINVAL);
    }
    int allowed = model.readsAll(this) ? protection | READ : protection;
    try {
      super.map(iova, physical, bytes, allowed, largest);
    } catch (Refused refused) {
      throw refused.errno() == Errno.EADDRINUSE ? Refused.with(model.occupied()) : refused;
    }
  }

  @Override
  protected void attachDevice(IommuDevice device, @Nullable IommuDomain old) {
    requireOwn(device);
    model.attach(device, this);
  }

  @Override
  protected void attachPasid(IommuDevice device, int pasid, @Nullable IommuDomain old) {
    if (!attachesPasids()) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    requireOwn(device);
    model.attachPasid(device, pasid, this);
  }

  @Override
  protected boolean attachesPasids() {
    return model.attachesPasids(this);
  }

  @Override
  public boolean enforceCacheCoherency() {
    return unit.registers().capable(Capability.ENFORCE_CACHE_COHERENCY);
  }

  @Override
  public boolean tracksDirty() {
    return (flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING()) != 0;
  }

  @Override
  public void setDirtyTracking(boolean on) {
    if (!tracksDirty()) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    super.setDirtyTracking(on);
  }

  /** Another driver's device has no entry that this driver could write. */
  private void requireOwn(IommuDevice device) {
    if (device.driver() != model) {
      throw Refused.with(Errno.EINVAL);
    }
  }
}
