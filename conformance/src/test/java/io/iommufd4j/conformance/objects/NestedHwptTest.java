// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.objects;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_PASID;
import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_HWPT_DATA_SELFTEST;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code IOMMU_HWPT_ALLOC} on a nesting parent and on a vIOMMU. */
@Conformance
final class NestedHwptTest {

  /** The kind of object that a nested HWPT is made on. */
  enum Base {
    PARENT,
    VIOMMU;

    int on(MockGuest guest, int parent) {
      return this == PARENT ? parent : guest.viommu(parent);
    }
  }

  private static int alloc(MockGuest guest, int base, int flags, int type, long bytes) {
    MemorySegment data = guest.test.arena().allocate(64, 8);
    data.copyFrom(guest.description());
    return guest.objects.hwpt(guest.id(), base, flags, 0, type, data, bytes);
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  void dataIsTheDriversAndNoLongerThanItKnows(Base base, KernelUnderTest test) {
    var guest = new MockGuest(test);
    int on = base.on(guest, guest.parent());
    int type = IOMMU_HWPT_DATA_SELFTEST();
    refused(EOPNOTSUPP, alloc(guest, on, 0, 0, 0));
    refused(EINVAL, alloc(guest, on, 0, type, 0));
    refused(EINVAL, alloc(guest, on, 0, 0, 8));
    refused(EOPNOTSUPP, alloc(guest, on, 0, type + 1, 8));
    refused(EINVAL, alloc(guest, on, 0, type, 3));
    refused(EINVAL, alloc(guest, on, 0, type, 9));
    same(on + 1, alloc(guest, on, 0, type, 4));
    same(on + 2, alloc(guest, on, 0, type, 7));
    same(on + 3, alloc(guest, on, 0, type, 8));
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  void dataMustBeMemory(Base base, KernelUnderTest test) {
    var guest = new MockGuest(test);
    int on = base.on(guest, guest.parent());
    MemorySegment nowhere = MemorySegment.ofAddress(test.badAddress());
    refused(
        EFAULT, guest.objects.hwpt(guest.id(), on, 0, 0, IOMMU_HWPT_DATA_SELFTEST(), nowhere, 8));
    assertEquals(on + 1, guest.nested(on), "the id was not given back");
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  void flagsOfParentsAreNotItsOwn(Base base, KernelUnderTest test) {
    var guest = new MockGuest(test);
    int on = base.on(guest, guest.parent());
    int type = IOMMU_HWPT_DATA_SELFTEST();
    refused(EOPNOTSUPP, alloc(guest, on, IOMMU_HWPT_ALLOC_NEST_PARENT(), type, 8));
    refused(EOPNOTSUPP, alloc(guest, on, IOMMU_HWPT_ALLOC_DIRTY_TRACKING(), type, 8));
    refused(EOPNOTSUPP, alloc(guest, on, 0x100, type, 8));
    // Flags come before data.
    refused(EOPNOTSUPP, alloc(guest, on, 0x100, type, 3));
    ok(alloc(guest, on, IOMMU_HWPT_ALLOC_PASID(), type, 8));
  }

  @Test
  void parentMustBeMadeForIt(KernelUnderTest test) {
    var guest = new MockGuest(test);
    int plain = ok(guest.iommufd.hwptAlloc(guest.id(), guest.ioas));
    int type = IOMMU_HWPT_DATA_SELFTEST();
    refused(EINVAL, alloc(guest, plain, 0, type, 8));
    refused(EINVAL, alloc(guest, plain, 0, type, 3));
    refused(EINVAL, alloc(guest, guest.device.hwpt(), 0, type, 8));
    refused(EOPNOTSUPP, alloc(guest, plain, 0, 0, 0));
    int nested = guest.nested(guest.parent());
    refused(EINVAL, alloc(guest, nested, 0, type, 8));
    refused(EINVAL, alloc(guest, guest.id(), 0, type, 8));
    refused(EINVAL, alloc(guest, guest.device.stdev(), 0, type, 8));
    refused(EINVAL, alloc(guest, 1000, 0, type, 8));
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  void whatItStandsOnIsBusy(Base base, KernelUnderTest test) {
    var guest = new MockGuest(test);
    int parent = guest.parent();
    int on = base.on(guest, parent);
    int nested = guest.nested(on);
    refused(EBUSY, guest.iommufd.destroy(on));
    refused(EBUSY, guest.iommufd.destroy(parent));
    ok(guest.iommufd.destroy(nested));
    ok(guest.iommufd.destroy(on));
  }

  @Test
  void deviceMovesBetweenTables(KernelUnderTest test) {
    var guest = new MockGuest(test);
    int first = guest.nested(guest.parent());
    int second = guest.nested(guest.parent());
    guest.replace(first);
    guest.mock.allIotlbs(first, MockGuest.CACHED);
    refused(EBUSY, guest.iommufd.destroy(first));
    refused(EBUSY, guest.iommufd.destroy(guest.ioas));
    guest.replace(second);
    ok(guest.iommufd.destroy(first));
    guest.replace(guest.ioas);
    ok(guest.iommufd.destroy(second));
  }

  @Test
  void tableOnAViommuWantsTheDeviceInTheGuest(KernelUnderTest test) {
    var guest = new MockGuest(test);
    int viommu = guest.viommu(guest.parent());
    int nested = guest.nested(viommu);
    refused(ENOENT, guest.mock.replace(guest.device.stdev(), nested));
    ok(guest.objects.vdevice(viommu, guest.id(), 0x42));
    guest.replace(nested);
    guest.replace(guest.ioas);
  }

  @Test
  void deviceOfTheViommuMustSitBehindItsIommu(KernelUnderTest test) {
    var guest = new MockGuest(test);
    int viommu = guest.viommu(guest.parent());
    var real = test.bound(guest.iommufd, test.machine().lone().getFirst());
    refused(
        EINVAL,
        guest.objects.hwpt(real.id(), viommu, 0, IOMMU_HWPT_DATA_SELFTEST(), guest.description()));
    refused(EINVAL, guest.objects.hwpt(real.id(), viommu, 0, 0, 0, ObjectRequests.NO_DATA, 0));
  }

  @Test
  void checkWantsANestedHwpt(KernelUnderTest test) {
    var guest = new MockGuest(test);
    int nested = guest.nested(guest.parent());
    ok(guest.mock.checkIotlb(nested, 3, MockGuest.CACHED));
    refused(EINVAL, guest.mock.checkIotlb(nested, 4, MockGuest.CACHED));
    refused(EINVAL, guest.mock.checkIotlb(nested, 0, 0));
    refused(ENOENT, guest.mock.checkIotlb(guest.device.hwpt(), 0, MockGuest.CACHED));
    refused(ENOENT, guest.mock.checkIotlb(1000, 0, MockGuest.CACHED));
  }
}
