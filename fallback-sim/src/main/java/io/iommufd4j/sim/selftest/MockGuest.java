// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.selftest;

import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_VEVENTQ_TYPE_SELFTEST;

import io.iommufd4j.bindings.selftest.iommu_viommu_event_selftest;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.lib.RwSemaphore;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** The guest that has a mock device, and the guest's id for it ({@code mock_dev::viommu}). */
final class MockGuest {

  private final RwSemaphore lock = new RwSemaphore();
  private @Nullable MockViommu viommu;
  private long virtualId;

  /**
   * The device goes to another guest.
   *
   * @param next null for none
   * @throws Refused ENOENT when that guest does not have it
   */
  void become(@Nullable MockViommu next, IommuDevice device) {
    long id = 0;
    if (next != null) {
      id = next.core().virtualId(device).orElseThrow(() -> Refused.with(Errno.ENOENT));
    }
    try (var _ = lock.writing()) {
      if (next != viommu) {
        viommu = next;
        virtualId = id;
      }
    }
  }

  /**
   * {@code iommufd_test_trigger_vevent}: the guest is told about its device.
   *
   * @throws Refused ENOENT when the device is nobody's, or called 0; EOPNOTSUPP when nobody reads
   *     the guest's events
   */
  void report() {
    try (var _ = lock.reading()) {
      if (viommu == null || virtualId == 0) {
        throw Refused.with(Errno.ENOENT);
      }
      MemorySegment event = MemorySegment.ofArray(new int[1]);
      iommu_viommu_event_selftest.virt_id(event, (int) virtualId);
      viommu.core().reportEvent(IOMMU_VEVENTQ_TYPE_SELFTEST(), event);
    }
  }
}
