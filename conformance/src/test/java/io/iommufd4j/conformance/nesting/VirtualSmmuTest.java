// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.nesting;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_VEVENTQ_TYPE_ARM_SMMUV3;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_VIOMMU_TYPE_ARM_SMMUV3;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EEXIST;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** A virtual SMMUv3, its device and its queue: what they are made of and how long they stay. */
@Conformance
@OnVirtualSmmus
final class VirtualSmmuTest {

  @Test
  void parentMustBeOneForNesting(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    refused(EINVAL, viommu(guest, guest.bound().hwpt(guest.ioas())));
    refused(ENOENT, viommu(guest, guest.ioas()));
    refused(ENOENT, viommu(guest, 0));
  }

  @Test
  void parentCanHaveSeveralAndStays(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    int second = ok(viommu(guest, guest.parent()));
    refused(EBUSY, guest.bound().iommufd().destroy(guest.parent()));
    ok(guest.bound().iommufd().destroy(second));
    ok(guest.bound().iommufd().destroy(guest.viommu()));
    ok(guest.bound().iommufd().destroy(guest.parent()));
  }

  @Test
  void whatTheUserSaysBesideIsNotLookedAt(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    ok(
        guest
            .requests()
            .viommu(
                guest.bound().id(),
                guest.parent(),
                0,
                IOMMU_VIOMMU_TYPE_ARM_SMMUV3(),
                MemorySegment.ofAddress(test.badAddress()).reinterpret(8)));
  }

  @Test
  void deviceIsTakenOnce(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    int vdevice = ok(guest.takeDevice());
    refused(EEXIST, guest.takeDevice());
    refused(EEXIST, guest.requests().vdevice(guest.viommu(), guest.bound().id(), Guest.STREAM + 1));
    refused(EBUSY, guest.bound().iommufd().destroy(guest.viommu()));
    ok(guest.bound().iommufd().destroy(vdevice));
    ok(guest.requests().vdevice(guest.viommu(), guest.bound().id(), 1L << 32));
  }

  @Test
  void queueIsOneOfItsType(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    GuestEvents.of(guest, 1);
    int type = IOMMU_VEVENTQ_TYPE_ARM_SMMUV3();
    refused(EEXIST, guest.requests().eventQueue(guest.viommu(), type, 1).answer());
    refused(EOPNOTSUPP, guest.requests().eventQueue(guest.viommu(), 0, 1).answer());
    refused(EINVAL, guest.requests().eventQueue(guest.viommu(), type + 1, 0).answer());
  }

  private static int viommu(Guest guest, int hwpt) {
    return guest
        .requests()
        .viommu(
            guest.bound().id(), hwpt, 0, IOMMU_VIOMMU_TYPE_ARM_SMMUV3(), ObjectRequests.NO_DATA);
  }
}
