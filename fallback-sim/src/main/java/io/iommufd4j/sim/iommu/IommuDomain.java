package io.iommufd4j.sim.iommu;

import io.iommufd4j.sim.lib.Refused;
import org.jspecify.annotations.Nullable;

/**
 * One translation that devices can be attached to ({@code struct iommu_domain}). Drivers subclass
 * it; what a device's DMA meets from one moment to the next is theirs to set with {@link
 * IommuDevice#steer}.
 */
public abstract class IommuDomain {

  /** What {@link #translate} answers where there is no translation. */
  public static final long FAULT = -1;

  private final DomainType type;
  private final IommuDriver driver;
  private volatile @Nullable PageRequestHandler pageRequestHandler;

  protected IommuDomain(DomainType type, IommuDriver driver) {
    this.type = type;
    this.driver = driver;
  }

  /** What it does with DMA. */
  public final DomainType type() {
    return type;
  }

  /** Whose it is: a domain never serves another driver's device. */
  public final IommuDriver driver() {
    return driver;
  }

  /** Who looks after page requests that meet it; null when nobody does. */
  public final @Nullable PageRequestHandler pageRequestHandler() {
    return pageRequestHandler;
  }

  /** Has page requests looked after from now on; before any device is attached. */
  public final void pageRequestHandler(PageRequestHandler handler) {
    pageRequestHandler = handler;
  }

  /**
   * {@code attach_dev}: switches one device over. The driver decides what DMA meets on the way; on
   * failure it may leave the device in any state. A domain without a way of its own goes the way of
   * its driver.
   *
   * @param old the domain the device comes from, null at its first
   * @throws Refused EINVAL when this domain does not fit the device: another one may
   */
  protected void attachDevice(IommuDevice device, @Nullable IommuDomain old) {
    driver.attach(device, this, old);
  }

  /**
   * {@code set_dev_pasid}: switches one PASID of a device over.
   *
   * @param old the domain the PASID comes from, null when it had none
   * @throws Refused EOPNOTSUPP when the driver has no PASIDs
   */
  protected void attachPasid(IommuDevice device, int pasid, @Nullable IommuDomain old) {
    driver.attachPasid(device, pasid, this, old);
  }

  /** Whether {@link #attachPasid} is there at all. */
  protected boolean attachesPasids() {
    return false;
  }

  /**
   * Where a transaction goes.
   *
   * @param iova byte address on the bus
   * @param write whether the device writes
   * @return physical address of that byte, or {@link #FAULT}
   */
  public abstract long translate(long iova, boolean write);

  /**
   * Hardware has aborted a device's transaction, for which {@link #translate} had no address: where
   * somebody may want to know, it is told.
   */
  public void reportFault(IommuDevice device, long iova, boolean write) {}

  /**
   * How many bytes from an IOVA on lie in one piece behind {@link #translate}; at least 1 where it
   * translates.
   */
  public long contiguous(long iova) {
    return Long.MAX_VALUE;
  }

  /** {@code iommu_domain_free}: by its owner, once no device is attached any more. */
  public final void dispose() {
    free();
  }

  /** {@code free}: what a driver gives back. */
  protected void free() {}
}
