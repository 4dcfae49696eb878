// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.selftest;

import io.iommufd4j.bindings.selftest.iommu_test_cmd;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.IommuDomain;
import io.iommufd4j.sim.iommufd.Hwpt;
import io.iommufd4j.sim.iommufd.IommufdObject;
import io.iommufd4j.sim.iommufd.command.Command;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;

/**
 * PASIDs of a mock device: {@code IOMMU_TEST_OP_PASID_ATTACH}, {@code _REPLACE}, {@code _DETACH}
 * and {@code _CHECK_HWPT}. {@code id} names the device; ENOENT when there is none.
 */
final class PasidOperations {

  private PasidOperations() {}

  /** As an attach answers. EFAULT detaches again. */
  static void attach(Command command) {
    MemorySegment operation = iommu_test_cmd.pasid_attach(command.block());
    int pasid = iommu_test_cmd.pasid_attach.pasid(operation);
    MockBinding binding = MockBinding.get(command, iommu_test_cmd.id(command.block()));
    try {
      int ptId = iommu_test_cmd.pasid_attach.pt_id(operation);
      iommu_test_cmd.pasid_attach.pt_id(operation, binding.attach(pasid, ptId));
      try {
        command.respond(iommu_test_cmd.sizeof());
      } catch (Refused refused) {
        binding.detach(pasid);
        throw refused;
      }
    } finally {
      command.objects().put(binding);
    }
  }

  /** As a replace answers. EFAULT leaves the PASID moved. */
  static void replace(Command command) {
    MemorySegment operation = iommu_test_cmd.pasid_replace(command.block());
    int pasid = iommu_test_cmd.pasid_replace.pasid(operation);
    MockBinding binding = MockBinding.get(command, iommu_test_cmd.id(command.block()));
    try {
      int ptId = iommu_test_cmd.pasid_replace.pt_id(operation);
      iommu_test_cmd.pasid_replace.pt_id(operation, binding.replace(pasid, ptId));
      command.respond(iommu_test_cmd.sizeof());
    } finally {
      command.objects().put(binding);
    }
  }

  /** Nothing happens to a PASID that is not attached. */
  static void detach(Command command) {
    MemorySegment operation = iommu_test_cmd.pasid_detach(command.block());
    MockBinding binding = MockBinding.get(command, iommu_test_cmd.id(command.block()));
    try {
      binding.detach(iommu_test_cmd.pasid_detach.pasid(operation));
    } finally {
      command.objects().put(binding);
    }
  }

  /**
   * EINVAL when the PASID is attached to another HWPT than this, or to any where this is 0; ENOENT
   * for an unknown object, EINVAL for one that is no HWPT.
   */
  static void checkHwpt(Command command) {
    MemorySegment operation = iommu_test_cmd.pasid_check(command.block());
    int hwptId = iommu_test_cmd.pasid_check.hwpt_id(operation);
    MockBinding binding = MockBinding.get(command, iommu_test_cmd.id(command.block()));
    try {
      IommuDomain attached =
          binding.device().group().domain(iommu_test_cmd.pasid_check.pasid(operation));
      IommuDomain expected = hwptId == 0 ? null : domain(command, hwptId);
      if (attached != expected) {
        throw Refused.with(Errno.EINVAL);
      }
    } finally {
      command.objects().put(binding);
    }
  }

  private static IommuDomain domain(Command command, int hwptId) {
    IommufdObject object = command.objects().get(hwptId, IommufdObject.class);
    try {
      if (object instanceof Hwpt hwpt) {
        return hwpt.domain();
      }
      throw Refused.with(Errno.EINVAL);
    } finally {
      command.objects().put(object);
    }
  }
}
