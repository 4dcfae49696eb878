// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.selftest;

import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.IommuDomain;
import io.iommufd4j.sim.lib.RwSemaphore;
import org.jspecify.annotations.Nullable;

/**
 * The switch for a mock device's page requests: they are enabled while any of its attachments has a
 * handler for them.
 */
final class MockPageRequests {

  /** Held for writing while the device is attached or detached, so that no request meets that. */
  final RwSemaphore lock = new RwSemaphore();

  private final IommuDevice device;

  /** Attachments that want them ({@code mock_dev::iopf_refcount}); guarded by the group's lock. */
  private int wanted;

  MockPageRequests(IommuDevice device) {
    this.device = device;
  }

  /** {@code mock_dev_enable_iopf} for one attachment more. */
  void enable(IommuDomain domain) {
    if (domain.pageRequestHandler() == null) {
      return;
    }
    if (wanted == 0) {
      device.takePageRequests();
    }
    wanted++;
  }

  /** {@code mock_dev_disable_iopf} for one attachment less. */
  void disable(@Nullable IommuDomain domain) {
    if (domain == null || domain.pageRequestHandler() == null) {
      return;
    }
    if (--wanted == 0) {
      device.refusePageRequests();
    }
  }
}
