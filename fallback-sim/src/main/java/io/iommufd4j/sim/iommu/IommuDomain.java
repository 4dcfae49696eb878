// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu;

import io.iommufd4j.sim.lib.Refused;
import org.jspecify.annotations.Nullable;

/**
 * One translation that devices can be attached to ({@code struct iommu_domain}). Drivers subclass
 * it; what a device's DMA meets from one moment to the next is theirs to set with {@link
 * IommuDevice#steer}.
 */
public abstract class IommuDomain {

  /** The answer of {@link #translate} where there is no translation. */
  public static final long FAULT = -1;

  private final DomainType type;
  private final IommuDriver driver;
  private volatile @Nullable PageRequestHandler pageRequestHandler;

  protected IommuDomain(DomainType type, IommuDriver driver) {
    this.type = type;
    this.driver = driver;
  }

  /** The treatment of DMA in this domain. */
  public final DomainType type() {
    return type;
  }

  /** The driver that made it: a domain never serves another driver's device. */
  public final IommuDriver driver() {
    return driver;
  }

  /** The handler of page requests in this domain; null for none. */
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

  /** True if {@link #attachPasid} is supported at all. */
  protected boolean attachesPasids() {
    return false;
  }

  /**
   * Translates the address of a transaction.
   *
   * @param iova byte address on the bus
   * @param write whether the device writes
   * @return physical address of that byte, or {@link #FAULT}
   */
  public abstract long translate(long iova, boolean write);

  /**
   * Reports that hardware has aborted a device's transaction, for which {@link #translate} had no
   * address. Does nothing where nobody listens.
   */
  public void reportFault(IommuDevice device, long iova, boolean write) {}

  /**
   * The number of bytes from an IOVA on that {@link #translate} maps to one contiguous piece; at
   * least 1 where there is a translation.
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
