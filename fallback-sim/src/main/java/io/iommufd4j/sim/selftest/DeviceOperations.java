// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.selftest;

import io.iommufd4j.bindings.selftest.iommu_test_cmd;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.iommufd.IommufdDevice;
import io.iommufd4j.sim.iommufd.command.Command;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;

/** Mock devices: {@code IOMMU_TEST_OP_MOCK_DOMAIN}, {@code _FLAGS} and {@code _REPLACE}. */
final class DeviceOperations {

  private final MockIommu iommu;

  DeviceOperations(MockIommu iommu) {
    this.iommu = iommu;
  }

  /** {@code MOCK_DOMAIN}: as {@link #mockDomainFlags} without flags. */
  void mockDomain(Command command) {
    create(command, 0);
  }

  /**
   * {@code MOCK_DOMAIN_FLAGS}: a new device, bound, and attached to what {@code id} names. EINVAL
   * for unknown flags, else as an attach answers.
   */
  void mockDomainFlags(Command command) {
    MemorySegment operation = iommu_test_cmd.mock_domain_flags(command.block());
    create(command, iommu_test_cmd.mock_domain_flags.dev_flags(operation));
  }

  private void create(Command command, int flags) {
    MemorySegment block = command.block();
    MockBinding binding = command.objects().reserve(() -> new MockBinding(iommu));
    try {
      IommufdDevice bound = binding.plug(command, flags);
      int hwptId = binding.attach(IommuGroup.NO_PASID, iommu_test_cmd.id(block));
      MemorySegment answer = iommu_test_cmd.mock_domain(block);
      iommu_test_cmd.mock_domain.out_hwpt_id(answer, hwptId);
      iommu_test_cmd.mock_domain.out_stdev_id(answer, binding.id());
      iommu_test_cmd.mock_domain.out_idev_id(answer, bound.id());
      command.respond(iommu_test_cmd.sizeof());
    } catch (Refused refused) {
      command.objects().abort(binding);
      throw refused;
    }
    command.objects().publish(binding);
  }

  /**
   * {@code MOCK_DOMAIN_REPLACE}: moves the device to another HWPT or IOAS; ENOENT for an unknown
   * device, else as a replace answers. EFAULT leaves it moved.
   */
  static void replace(Command command) {
    MemorySegment block = command.block();
    MemorySegment operation = iommu_test_cmd.mock_domain_replace(block);
    MockBinding binding = MockBinding.get(command, iommu_test_cmd.id(block));
    try {
      int ptId = iommu_test_cmd.mock_domain_replace.pt_id(operation);
      iommu_test_cmd.mock_domain_replace.pt_id(
          operation, binding.replace(IommuGroup.NO_PASID, ptId));
      command.respond(iommu_test_cmd.sizeof());
    } finally {
      command.objects().put(binding);
    }
  }
}
