// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import org.jspecify.annotations.Nullable;

/**
 * The users of a group's DMA and their number ({@code owner}, {@code owner_cnt}): drivers of the
 * kernel, which use the group's default domain, or one owner with domains of its own. Guarded by
 * the group's lock.
 */
final class DmaOwner {

  private final GroupDomain domain;
  private final PasidArray pasids;
  private @Nullable Object owner;
  private int count;

  DmaOwner(GroupDomain domain, PasidArray pasids) {
    this.domain = domain;
    this.pasids = pasids;
  }

  /** True if the group's DMA has a user at all. */
  boolean isThere() {
    return count > 0;
  }

  /** True if the user is an owner with domains of its own. */
  boolean isOwn() {
    return owner != null;
  }

  /**
   * {@code iommu_device_use_default_domain}.
   *
   * @throws Refused EBUSY when an owner has the group
   */
  void useInitial() {
    if (count > 0 && (!domain.isInitial() || owner != null || !pasids.isEmpty())) {
      throw Refused.with(Errno.EBUSY);
    }
    count++;
  }

  /** {@code iommu_device_unuse_default_domain}. */
  void unuseInitial() {
    count--;
  }

  /**
   * An owner that the group has says so once more; false when the group has none.
   *
   * @throws Refused EPERM when it is not this one
   */
  boolean again(Object claimant) {
    if (count == 0) {
      return false;
    }
    if (owner != claimant) {
      throw Refused.with(Errno.EPERM);
    }
    count++;
    return true;
  }

  /**
   * Requires that an owner may take over.
   *
   * @throws Refused EBUSY when the group has left the domain it starts in
   */
  void requireFree() {
    if (!domain.isInitial() || !pasids.isEmpty()) {
      throw Refused.with(Errno.EBUSY);
    }
  }

  /** An owner takes over, whose DMA is blocked by now. */
  void take(Object claimant) {
    owner = claimant;
    count = 1;
  }

  /** Undoes {@link #again} or {@link #take}; true when it was the last. */
  boolean release() {
    if (count > 1) {
      count--;
      return false;
    }
    count = 0;
    owner = null;
    return true;
  }
}
