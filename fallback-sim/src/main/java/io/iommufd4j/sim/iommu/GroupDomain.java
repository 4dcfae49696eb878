// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The domain that all devices of a group are in, and their way to another ({@code
 * __iommu_group_set_domain_internal}). Guarded by the group's lock.
 */
final class GroupDomain {

  private final List<GroupDevice> devices;
  private @Nullable IommuDomain current;
  private @Nullable IommuDomain initial;
  private @Nullable IommuDomain blocking;

  GroupDomain(List<GroupDevice> devices) {
    this.devices = devices;
  }

  /** The domain that the devices are in; null before the first device joined. */
  @Nullable IommuDomain current() {
    return current;
  }

  /** {@code default_domain}: what they start in; null before the first came. */
  @Nullable IommuDomain initial() {
    return initial;
  }

  /** The group starts in another domain from now on. */
  void initial(IommuDomain to) {
    initial = to;
  }

  /** The one in which nothing is translated; null while nobody has needed it. */
  @Nullable IommuDomain blocking() {
    return blocking;
  }

  /**
   * True if the core chose the current domain: it is the initial or the blocking one, not an
   * owner's.
   */
  boolean isCores() {
    return isInitial() || current == blocking;
  }

  /** True if the current domain is the one that the group starts in. */
  boolean isInitial() {
    return current == null || current == initial;
  }

  /** A device's first attach: to the group's domain, which the first device brings. */
  void join(IommuDevice device) {
    if (initial == null) {
      initial = device.driver().allocDefault(device);
      current = initial;
    }
    if (current != null) {
      current.attachDevice(device, null);
    }
  }

  /** {@code __iommu_group_alloc_blocking_domain}: a driver without one gives an empty domain. */
  IommuDomain needBlocking() {
    IommuDomain known = blocking;
    if (known == null) {
      IommuDevice first = devices.getFirst().device;
      IommuDomain own = first.driver().blockedDomain();
      known = own != null ? own : first.driver().allocPaging(first, 0);
      blocking = known;
    }
    return known;
  }

  /**
   * {@code __iommu_group_set_domain}: every device switches. The first refusal turns those back
   * that have switched already; the one that refused stays as its driver left it.
   *
   * @throws Refused EINVAL when a device that must have memory mapped one to one would be blocked,
   *     and what the driver answers
   */
  void change(IommuDomain to) {
    IommuDomain from = current;
    boolean blocks = to.type() == DomainType.BLOCKED || to == blocking;
    for (int i = 0; i < devices.size(); i++) {
      GroupDevice each = devices.get(i);
      if (each.blocked) {
        continue;
      }
      try {
        if (blocks && each.device.requiresDirect()) {
          throw Refused.with(Errno.EINVAL);
        }
        to.attachDevice(each.device, from);
      } catch (Refused refused) {
        turnBack(i, to, from);
        throw refused;
      }
    }
    current = to;
  }

  /**
   * {@code __iommu_group_set_domain_nofail}: every device is tried, and one that refuses is
   * blocked.
   */
  void force(IommuDomain to) {
    IommuDomain from = current;
    for (GroupDevice each : devices) {
      if (!each.blocked) {
        attachOrBlock(each, to, from);
      }
    }
    current = to;
  }

  private void turnBack(int refusing, IommuDomain to, @Nullable IommuDomain from) {
    if (from == null) {
      return;
    }
    for (GroupDevice switched : devices.subList(0, refusing)) {
      attachOrBlock(switched, from, to);
    }
  }

  /** Rather no DMA than DMA through a domain that may be freed. */
  private void attachOrBlock(GroupDevice each, IommuDomain to, @Nullable IommuDomain from) {
    try {
      to.attachDevice(each.device, from);
    } catch (Refused refused) {
      if (blocking != null && blocking != to) {
        block(each.device, blocking, from);
      }
    }
  }

  private static void block(IommuDevice device, IommuDomain blocking, @Nullable IommuDomain from) {
    try {
      blocking.attachDevice(device, from);
    } catch (Refused stillRefused) {
      device.steer(null);
    }
  }
}
