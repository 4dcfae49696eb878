// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.selftest;

import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_TEST_PASID_RESERVED;
import static io.iommufd4j.bindings.selftest.selftest_h.MOCK_FLAGS_DEVICE_NO_DIRTY;
import static io.iommufd4j.bindings.selftest.selftest_h.MOCK_FLAGS_DEVICE_PASID;
import static io.iommufd4j.bindings.selftest.selftest_h.MOCK_PASID_WIDTH;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.DomainType;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.IommuDomain;
import io.iommufd4j.sim.iommu.PagingDomain;
import io.iommufd4j.sim.iommu.hardware.PageRequest;
import io.iommufd4j.sim.lib.Refused;
import org.jspecify.annotations.Nullable;

/** A device on the mock bus ({@code struct mock_dev}). What it is attached to, it only notes. */
final class MockDevice extends IommuDevice {

  private final int number;
  private final int flags;
  private final MockDeviceCache cache = new MockDeviceCache();
  private final MockPageRequests pageRequests = new MockPageRequests(this);

  /** The guest that has the device; guarded by its own lock ({@code viommu_rwsem}). */
  private final MockGuest guest = new MockGuest();

  /** The domain that it was attached to last; guarded by the group's lock. */
  private @Nullable IommuDomain entered;

  /** True if the next attach of the reserved PASID fails ({@code pasid_1024_fake_error}). */
  private boolean reservedPasidFails;

  /**
   * A device in no group yet.
   *
   * @param number the lowest that no other mock device has
   * @param flags {@code MOCK_FLAGS_DEVICE_*}
   */
  MockDevice(MockIommu iommu, int number, int flags) {
    super("iommufd_mock" + number, iommu, pasids(flags), false, true);
    this.number = number;
    this.flags = flags;
  }

  /** As the property {@code pasid-num-bits} says, which is there and 0 for those without any. */
  private static int pasids(int flags) {
    return (flags & MOCK_FLAGS_DEVICE_PASID()) != 0 ? 1 << MOCK_PASID_WIDTH() : 1;
  }

  /**
   * The mock device of a device that a mock domain is given: EINVAL for any other, as only mock
   * devices sit behind the mock IOMMU.
   */
  static MockDevice of(IommuDevice device) {
    if (device instanceof MockDevice mock) {
      return mock;
    }
    throw Refused.with(Errno.EINVAL);
  }

  int number() {
    return number;
  }

  boolean tracksDirty() {
    return (flags & MOCK_FLAGS_DEVICE_NO_DIRTY()) == 0;
  }

  @Override
  public boolean madeForTests() {
    return true;
  }

  /** The device's cache. */
  MockDeviceCache cache() {
    return cache;
  }

  /** The switch for its page requests. */
  MockPageRequests pageRequests() {
    return pageRequests;
  }

  /** Asks for a page, whether anybody looks after that or not. */
  void ask(PageRequest request) {
    try (var _ = pageRequests.lock.reading()) {
      report(request);
    } catch (Refused nobody) {
      // The device got its answer; who made it ask is not told.
    }
  }

  /**
   * Its guest is told about it.
   *
   * @throws Refused ENOENT when it has none, else as {@link
   *     io.iommufd4j.sim.iommu.ViommuCore#reportEvent}
   */
  void reportToGuest() {
    guest.report();
  }

  /**
   * {@code mock_domain_nop_attach}; the group's lock is held.
   *
   * @throws Refused EINVAL for a domain that tracks dirty pages where the device does not, ENOENT
   *     for a guest's where the guest does not have the device
   */
  void enter(IommuDomain domain) {
    if (domain instanceof PagingDomain paging && paging.tracksDirty() && !tracksDirty()) {
      throw Refused.with(Errno.EINVAL);
    }
    guest.become(domain instanceof MockNestedDomain nested ? nested.viommu() : null, this);
    pageRequests.enable(domain);
    pageRequests.disable(entered);
    entered = domain;
    steer(domain);
  }

  /**
   * {@code mock_domain_set_dev_pasid_nop}; the group's lock is held. The reserved PASID fails at
   * every second attach, so that the core has something to undo.
   *
   * @throws Refused ENOMEM for the reserved PASID
   */
  void enterPasid(IommuDomain domain, int pasid, @Nullable IommuDomain old) {
    boolean blocks = domain.type() == DomainType.BLOCKED;
    if (pasid == IOMMU_TEST_PASID_RESERVED()) {
      boolean fails = reservedPasidFails && !blocks;
      reservedPasidFails = !blocks && !reservedPasidFails;
      if (fails) {
        throw Refused.with(Errno.ENOMEM);
      }
    }
    pageRequests.enable(domain);
    pageRequests.disable(old);
    steerPasid(pasid, blocks ? null : domain);
  }
}
