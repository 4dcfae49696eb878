// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.selftest;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_PGFAULT_FLAGS_LAST_PAGE;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_PGFAULT_FLAGS_PASID_VALID;

import io.iommufd4j.bindings.selftest.iommu_test_cmd;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.iommu.hardware.PageRequest;
import io.iommufd4j.sim.iommufd.IommufdDevice;
import io.iommufd4j.sim.iommufd.command.Command;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;

/**
 * Operations on events that a device raises by itself and on its cache: {@code
 * IOMMU_TEST_OP_TRIGGER_IOPF}, {@code _TRIGGER_VEVENT} and {@code _DEV_CHECK_CACHE}.
 */
final class EventOperations {

  private EventOperations() {}

  /**
   * {@code TRIGGER_IOPF}: the device asks for a page; whether anybody looks after that does not
   * count. ENOENT for an unknown device, EINVAL for one that is no mock.
   */
  static void triggerPageRequest(Command command) {
    MemorySegment operation = iommu_test_cmd.trigger_iopf(command.block());
    int pasid = iommu_test_cmd.trigger_iopf.pasid(operation);
    int flags = IOMMU_PGFAULT_FLAGS_LAST_PAGE();
    if (pasid != IommuGroup.NO_PASID) {
      flags |= IOMMU_PGFAULT_FLAGS_PASID_VALID();
    }
    var request =
        new PageRequest(
            flags,
            pasid,
            iommu_test_cmd.trigger_iopf.grpid(operation),
            iommu_test_cmd.trigger_iopf.perm(operation),
            iommu_test_cmd.trigger_iopf.addr(operation));
    withDevice(
        command, iommu_test_cmd.trigger_iopf.dev_id(operation), device -> device.ask(request));
  }

  /**
   * {@code TRIGGER_VEVENT}: the IOMMU tells the guest about a device. ENOENT for an unknown device
   * and for one that no guest has, or has as 0; EOPNOTSUPP when nobody reads the guest's events.
   */
  static void triggerEvent(Command command) {
    MemorySegment operation = iommu_test_cmd.trigger_vevent(command.block());
    withDevice(command, iommu_test_cmd.trigger_vevent.dev_id(operation), MockDevice::reportToGuest);
  }

  /** {@code DEV_CHECK_CACHE}: ENOENT for an unknown device, EINVAL for another value. */
  static void checkCache(Command command) {
    MemorySegment operation = iommu_test_cmd.check_dev_cache(command.block());
    int entry = iommu_test_cmd.check_dev_cache.id(operation);
    int value = iommu_test_cmd.check_dev_cache.cache(operation);
    withDevice(
        command,
        iommu_test_cmd.id(command.block()),
        device -> {
          if (!device.cache().holds(entry, value)) {
            throw Refused.with(Errno.EINVAL);
          }
        });
  }

  /** Something done with a mock device. */
  @FunctionalInterface
  private interface Use {
    void with(MockDevice device);
  }

  private static void withDevice(Command command, int id, Use use) {
    IommufdDevice device = command.objects().get(id, IommufdDevice.class);
    try {
      use.with(MockDevice.of(device.hardware()));
    } finally {
      command.objects().put(device);
    }
  }
}
