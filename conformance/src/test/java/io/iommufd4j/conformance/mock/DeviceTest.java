// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.mock;

import static io.iommufd4j.bindings.selftest.selftest_h.*;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.ENOMEM;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.bindings.selftest.iommu_test_hw_info;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.conformance.selftest.driver.MockDevice;
import io.iommufd4j.conformance.selftest.driver.MockIommufd;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** Mock devices: how they come and go, and what they say of themselves. */
@Conformance
final class DeviceTest {

  @Test
  void idsAreTakenInOrder(KernelUnderTest test) {
    MockIommufd mock = MockIommufd.open(test);
    int ioas = ok(mock.iommufd().ioasAlloc());
    MockDevice device = mock.device(ioas).ok();
    same(ioas + 1, device.stdev());
    same(ioas + 2, device.id());
    same(ioas + 3, device.hwpt());
    refused(EBUSY, mock.iommufd().destroy(device.id()));
    refused(EBUSY, mock.iommufd().destroy(device.hwpt()));
    refused(EBUSY, mock.iommufd().destroy(ioas));
    ok(mock.iommufd().destroy(device.stdev()));
    refused(ENOENT, mock.iommufd().destroy(device.id()));
    refused(ENOENT, mock.iommufd().destroy(device.hwpt()));
    ok(mock.iommufd().destroy(ioas));
  }

  @Test
  void whatCannotBeMadeLeavesNothing(KernelUnderTest test) {
    MockIommufd mock = MockIommufd.open(test);
    int ioas = ok(mock.iommufd().ioasAlloc());
    refused(EINVAL, mock.device(ioas, 1 << 1).answer());
    refused(EINVAL, mock.device(ioas, 1 << 31).answer());
    refused(ENOENT, mock.device(1000).answer());
    MockDevice device = mock.device(ioas).ok();
    same(ioas + 1, device.stdev());
    refused(EINVAL, mock.device(device.stdev()).answer());
    refused(EINVAL, mock.device(device.id()).answer());
  }

  @Test
  void idsOfOtherObjectsAreNoDevices(KernelUnderTest test) {
    MockIommufd mock = MockIommufd.open(test);
    int ioas = ok(mock.iommufd().ioasAlloc());
    MockDevice device = mock.device(ioas, MOCK_FLAGS_DEVICE_PASID()).ok();
    refused(ENOENT, mock.replace(ioas, ioas));
    refused(ENOENT, mock.replace(device.id(), ioas));
    refused(ENOENT, mock.attachPasid(device.id(), 1, ioas));
    refused(ENOENT, mock.detachPasid(ioas, 1));
    refused(ENOENT, mock.checkPasid(ioas, 1, 0));
    refused(ENOENT, mock.replace(device.stdev(), 1000));
    refused(EINVAL, mock.replace(device.stdev(), device.id()));
    same(device.hwpt(), mock.replace(device.stdev(), ioas));
    same(device.hwpt(), mock.replace(device.stdev(), device.hwpt()));
  }

  @Test
  void unknownOperationsAreRefused(KernelUnderTest test) {
    MockIommufd mock = MockIommufd.open(test);
    refused(EOPNOTSUPP, mock.run(mock.command(0, "add_reserved")));
    refused(EOPNOTSUPP, mock.run(mock.command(24, "add_reserved")));
    refused(EOPNOTSUPP, mock.run(mock.command(-1, "add_reserved")));
    refused(EINVAL, mock.memoryLimit(11));
    ok(mock.memoryLimit(12));
    ok(mock.memoryLimit(-1));
    ok(mock.memoryLimit(MockIommufd.DEFAULT_MEMORY_LIMIT));
  }

  @Test
  void hardwareTellsOfItself(KernelUnderTest test) {
    MockIommufd mock = MockIommufd.open(test);
    ObjectRequests objects = new ObjectRequests(mock.iommufd());
    int ioas = ok(mock.iommufd().ioasAlloc());
    MemorySegment info = test.arena().allocate(iommu_test_hw_info.layout());
    var plain = objects.hardwareInfo(mock.device(ioas).ok().id(), info);
    var pasid = objects.hardwareInfo(mock.device(ioas, MOCK_FLAGS_DEVICE_PASID()).ok().id(), info);
    var cannotTrack =
        objects.hardwareInfo(mock.device(ioas, MOCK_FLAGS_DEVICE_NO_DIRTY()).ok().id(), info);
    int noAts = iommufd_h.IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED();
    int dirty = iommufd_h.IOMMU_HW_CAP_DIRTY_TRACKING();
    int type = IOMMU_HW_INFO_TYPE_SELFTEST();
    assertEquals(new ObjectRequests.HardwareInfo(0, type, 8, dirty | noAts, 0), plain);
    assertEquals(new ObjectRequests.HardwareInfo(0, type, 8, dirty | noAts, 20), pasid);
    assertEquals(new ObjectRequests.HardwareInfo(0, type, 8, noAts, 0), cannotTrack);
    assertEquals(0, iommu_test_hw_info.flags(info));
    assertEquals(IOMMU_HW_INFO_SELFTEST_REGVAL(), iommu_test_hw_info.test_reg(info));
  }

  @Test
  void pasidsHaveTheirBounds(KernelUnderTest test) {
    MockIommufd mock = MockIommufd.open(test);
    OpenIommufd iommufd = mock.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    MockDevice without = mock.device(ioas).ok();
    MockDevice with = mock.device(ioas, MOCK_FLAGS_DEVICE_PASID()).ok();
    int flag = iommufd_h.IOMMU_HWPT_ALLOC_PASID();
    int hwpt = ok(iommufd.hwptAlloc(with.id(), ioas, flag));
    int plain = ok(iommufd.hwptAlloc(with.id(), ioas));
    // The device itself has to be on a HWPT for PASIDs first.
    refused(EINVAL, mock.attachPasid(with.stdev(), 1, hwpt));
    same(hwpt, mock.replace(with.stdev(), hwpt));
    refused(EINVAL, mock.attachPasid(with.stdev(), 1 << MOCK_PASID_WIDTH(), hwpt));
    refused(EINVAL, mock.attachPasid(with.stdev(), -1, hwpt));
    refused(EINVAL, mock.attachPasid(with.stdev(), 1, plain));
    refused(EBUSY, mock.attachPasid(with.stdev(), 0, hwpt));
    ok(mock.attachPasid(with.stdev(), (1 << MOCK_PASID_WIDTH()) - 1, hwpt));
    refused(EBUSY, mock.attachPasid(with.stdev(), (1 << MOCK_PASID_WIDTH()) - 1, hwpt));
    refused(EINVAL, mock.replacePasid(with.stdev(), 1, hwpt));
    refused(EINVAL, mock.replace(with.stdev(), plain));
    same(hwpt, mock.replace(without.stdev(), hwpt));
    refused(EINVAL, mock.attachPasid(without.stdev(), 1, hwpt));
    ok(mock.checkPasid(with.stdev(), 0, hwpt));
    refused(EINVAL, mock.checkPasid(with.stdev(), 0, 0));
    refused(EINVAL, mock.checkPasid(with.stdev(), 1, hwpt));
    refused(ENOENT, mock.checkPasid(with.stdev(), 1, 1000));
    refused(EINVAL, mock.checkPasid(with.stdev(), 1, ioas));
    ok(mock.detachPasid(with.stdev(), (1 << MOCK_PASID_WIDTH()) - 1));
    ok(mock.detachPasid(with.stdev(), 5));
  }

  @Test
  void reservedPasidFailsAtEverySecondAttach(KernelUnderTest test) {
    MockIommufd mock = MockIommufd.open(test);
    OpenIommufd iommufd = mock.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    MockDevice device = mock.device(ioas, MOCK_FLAGS_DEVICE_PASID()).ok();
    int flag = iommufd_h.IOMMU_HWPT_ALLOC_PASID();
    int first = ok(iommufd.hwptAlloc(device.id(), ioas, flag));
    int second = ok(iommufd.hwptAlloc(device.id(), ioas, flag));
    int pasid = IOMMU_TEST_PASID_RESERVED();
    same(first, mock.replace(device.stdev(), first));
    for (int i = 0; i < 2; i++) {
      ok(mock.attachPasid(device.stdev(), pasid, first));
      refused(ENOMEM, mock.replacePasid(device.stdev(), pasid, second));
      ok(mock.checkPasid(device.stdev(), pasid, first));
      ok(mock.replacePasid(device.stdev(), pasid, second));
      ok(mock.checkPasid(device.stdev(), pasid, second));
      refused(ENOMEM, mock.replacePasid(device.stdev(), pasid, first));
      ok(mock.detachPasid(device.stdev(), pasid));
      ok(mock.attachPasid(device.stdev(), pasid, first));
      ok(mock.detachPasid(device.stdev(), pasid));
      ok(mock.checkPasid(device.stdev(), pasid, 0));
    }
  }
}
