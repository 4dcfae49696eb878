// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.sysfs;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.driver.ModelDriver;
import io.iommufd4j.sim.iommu.DomainType;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.IommuDomain;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.iommu.hardware.Capability;
import io.iommufd4j.sim.lib.Refused;

/** The type of domain that a group starts in: the attribute {@code type} of a group in sysfs. */
final class DefaultDomainType {

  private static final String IDENTITY = "identity";
  private static final String DMA = "DMA";
  private static final String FLUSH_QUEUE = "DMA-FQ";
  private static final String AUTO = "auto";

  private final IommuGroup group;
  private final ModelDriver driver;
  private boolean flushQueue;

  DefaultDomainType(IommuGroup group, ModelDriver driver) {
    this.group = group;
    this.driver = driver;
    this.flushQueue = flushQueueByDefault();
  }

  private boolean flushQueueByDefault() {
    return driver.capable(first(), Capability.DEFERRED_FLUSH);
  }

  private IommuDevice first() {
    return group.devices().getFirst();
  }

  /** {@code iommu_group_show_type}. */
  synchronized String label() {
    IommuDomain domain = group.defaultDomain();
    if (domain != null && domain.type() == DomainType.IDENTITY) {
      return IDENTITY;
    }
    return flushQueue ? FLUSH_QUEUE : DMA;
  }

  /**
   * {@code iommu_group_store_type}.
   *
   * @throws Refused EINVAL for an unknown type, EPERM when somebody owns the group; a flush queue
   *     is added to a DMA domain in any case
   */
  synchronized void change(String text) {
    if (text.equals(FLUSH_QUEUE) && label().equals(DMA)) {
      flushQueue = true;
      return;
    }
    boolean known =
        switch (text) {
          case IDENTITY, DMA, FLUSH_QUEUE, AUTO -> true;
          default -> false;
        };
    if (!known) {
      throw Refused.with(Errno.EINVAL);
    }
    group.defaultDomain(
        text.equals(AUTO)
            ? driver.allocDefault(first())
            : driver.allocDefault(first(), text.equals(IDENTITY)));
    flushQueue = text.equals(AUTO) ? flushQueueByDefault() : text.equals(FLUSH_QUEUE);
  }
}
