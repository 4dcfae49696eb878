package io.iommufd4j.sim.driver;

import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.IommuDomain;
import org.jspecify.annotations.Nullable;

/**
 * Detaches the device, then attaches it: DMA in between is dropped. So do AMD's driver ({@code
 * amd_iommu_attach_device}) and virtio-iommu, whose new domain is empty until its mappings have
 * been sent again. A refused attach changes nothing.
 */
public class BlockingWindowDriver extends ModelDriver {

  private final boolean ownBlockedDomain;
  private final boolean sharesDomains;

  /**
   * A driver that runs one IOMMU.
   *
   * @param ownBlockedDomain whether it has a domain that blocks; without one the core uses an empty
   *     paging domain, as with virtio-iommu
   * @param sharesDomains whether a domain made for one IOMMU may serve a device behind another that
   *     can walk it, as AMD's may
   */
  public BlockingWindowDriver(
      String name, IommuUnit unit, boolean ownBlockedDomain, boolean sharesDomains) {
    super(name, unit);
    this.ownBlockedDomain = ownBlockedDomain;
    this.sharesDomains = sharesDomains;
  }

  /** virtio-iommu has neither a blocked domain nor flags. */
  @Override
  public boolean allocatesWithFlags() {
    return ownBlockedDomain;
  }

  @Override
  public @Nullable IommuDomain blockedDomain() {
    return ownBlockedDomain ? super.blockedDomain() : null;
  }

  /** virtio-iommu sends mappings as requests, whatever they allow. */
  @Override
  boolean mapsWithoutAccess() {
    return !ownBlockedDomain;
  }

  /**
   * AMD's driver has room for a virtual IOMMU of any type; that QEMU's has no nesting parents to
   * build one on comes out later.
   */
  @Override
  public boolean virtualizes(IommuDevice device, int type) {
    return sharesDomains;
  }

  @Override
  protected boolean attachesPasids() {
    return false;
  }

  @Override
  void attach(IommuDevice device, ModelDomain to) {
    if (device.steered() == to) {
      return;
    }
    requireFit(device, to);
    steer(device, to);
  }

  @Override
  boolean fits(IommuUnit unit, ModelDomain to) {
    return sharesDomains ? walks(unit, to) : unit.equals(to.unit());
  }
}
