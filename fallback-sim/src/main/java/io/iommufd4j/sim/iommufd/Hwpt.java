// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd;

import io.iommufd4j.sim.iommu.AttachHandle;
import io.iommufd4j.sim.iommu.IommuDomain;
import org.jspecify.annotations.Nullable;

/** A hardware page table that devices are attached to ({@code struct iommufd_hw_pagetable}). */
public abstract class Hwpt extends IommufdObject {

  /** True if devices that use PASIDs can be attached. */
  final boolean pasidCompatible;

  private final ObjectTable objects;
  private @Nullable FaultQueue faultQueue;

  Hwpt(ObjectTable objects, boolean pasidCompatible) {
    this.objects = objects;
    this.pasidCompatible = pasidCompatible;
  }

  final ObjectTable objects() {
    return objects;
  }

  /** Page requests that meet it go into a queue, which it needs from now on. */
  public final void reportTo(FaultQueue queue) {
    objects.addUsers(queue, 1);
    faultQueue = queue;
    domain().pageRequestHandler(queue);
  }

  /** True if page requests that meet it go into a queue. */
  final boolean reportsFaults() {
    return faultQueue != null;
  }

  /** {@code iommufd_auto_response_faults}: what is pending of an attachment that is gone. */
  final void refusePending(@Nullable AttachHandle handle) {
    if (faultQueue != null && handle != null) {
      faultQueue.refuseAll(handle);
    }
  }

  /** {@code __iommufd_hwpt_destroy}. */
  final void freeDomain() {
    domain().dispose();
    if (faultQueue != null) {
      objects.removeUsers(faultQueue, 1);
    }
  }

  /** Its domain in the IOMMU core. */
  public abstract IommuDomain domain();

  /** The HWPT whose IOAS decides which IOVAs are reserved ({@code find_hwpt_paging}). */
  abstract PagingHwpt paging();
}
