// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.objects;

import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_VIOMMU_TYPE_SELFTEST;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EEXIST;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.iommufd.iommu_vdevice_alloc;
import io.iommufd4j.bindings.iommufd.iommu_viommu_alloc;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.conformance.selftest.driver.MockDevice;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** {@code IOMMU_VIOMMU_ALLOC} and {@code IOMMU_VDEVICE_ALLOC}. */
@Conformance
final class ViommuTest {

  private static final int TYPE = IOMMU_VIOMMU_TYPE_SELFTEST();
  private static final MemorySegment NO_DATA = ObjectRequests.NO_DATA;

  @Test
  void viommuIsCheckedFromLeftToRight(KernelUnderTest test) {
    var guest = new MockGuest(test);
    int parent = guest.parent();
    int id = guest.id();
    refused(EOPNOTSUPP, guest.objects.viommu(1000, 1000, 1, TYPE, NO_DATA));
    refused(EOPNOTSUPP, guest.objects.viommu(1000, 1000, 0, 0, NO_DATA));
    refused(ENOENT, guest.objects.viommu(1000, 1000, 0, TYPE, NO_DATA));
    refused(ENOENT, guest.objects.viommu(guest.ioas, parent, 0, TYPE, NO_DATA));
    refused(EOPNOTSUPP, guest.objects.viommu(id, 1000, 0, TYPE + 1, NO_DATA));
    refused(EOPNOTSUPP, guest.objects.viommu(id, 1000, 0, 1, NO_DATA));
    refused(ENOENT, guest.objects.viommu(id, 1000, 0, TYPE, NO_DATA));
    refused(ENOENT, guest.objects.viommu(id, guest.ioas, 0, TYPE, NO_DATA));
    refused(EINVAL, guest.objects.viommu(id, guest.device.hwpt(), 0, TYPE, NO_DATA));
    int nested = guest.nested(parent);
    refused(ENOENT, guest.objects.viommu(id, nested, 0, TYPE, NO_DATA));
    same(nested + 1, guest.objects.viommu(id, parent, 0, TYPE, NO_DATA));
    same(nested + 2, guest.objects.viommu(id, parent, 0, TYPE, NO_DATA));
  }

  @Test
  void viommuNeedsItsParent(KernelUnderTest test) {
    var guest = new MockGuest(test);
    int parent = guest.parent();
    int first = guest.viommu(parent);
    int second = guest.viommu(parent);
    refused(EBUSY, guest.iommufd.destroy(parent));
    ok(guest.iommufd.destroy(first));
    refused(EBUSY, guest.iommufd.destroy(parent));
    ok(guest.iommufd.destroy(second));
    ok(guest.iommufd.destroy(parent));
  }

  @Test
  void refusedViommuLeavesNothing(KernelUnderTest test) {
    var guest = new MockGuest(test);
    int parent = guest.parent();
    var block =
        test.readOnly(memory -> {
          iommu_viommu_alloc.size(memory, (int) iommu_viommu_alloc.sizeof());
          iommu_viommu_alloc.dev_id(memory, guest.id());
          iommu_viommu_alloc.hwpt_id(memory, parent);
          iommu_viommu_alloc.type(memory, TYPE);
        });
    refused(EFAULT, guest.iommufd.ioctl(Request.IOMMU_VIOMMU_ALLOC.number(), block));
    assertEquals(parent + 1, guest.viommu(parent), "the id was not given back");
  }

  @Test
  void deviceIsOneGuestsOnce(KernelUnderTest test) {
    var guest = new MockGuest(test);
    int parent = guest.parent();
    int first = guest.viommu(parent);
    int second = guest.viommu(parent);
    refused(ENOENT, guest.objects.vdevice(1000, guest.id(), 1));
    refused(ENOENT, guest.objects.vdevice(parent, guest.id(), 1));
    refused(ENOENT, guest.objects.vdevice(first, 1000, 1));
    refused(ENOENT, guest.objects.vdevice(first, guest.ioas, 1));
    int vdevice = ok(guest.objects.vdevice(first, guest.id(), 1));
    assertEquals(second + 1, vdevice);
    refused(EEXIST, guest.objects.vdevice(first, guest.id(), 1));
    refused(EEXIST, guest.objects.vdevice(first, guest.id(), 2));
    refused(EEXIST, guest.objects.vdevice(second, guest.id(), 2));
    refused(EBUSY, guest.iommufd.destroy(first));
    ok(guest.iommufd.destroy(vdevice));
    assertEquals(vdevice, ok(guest.objects.vdevice(second, guest.id(), 1)));
    ok(guest.iommufd.destroy(first));
  }

  @Test
  void numberOfTheGuestsIsOneDevicesOnly(KernelUnderTest test) {
    var guest = new MockGuest(test);
    MockDevice other = guest.mock.device(guest.ioas).ok();
    int viommu = guest.viommu(guest.parent());
    for (long number : new long[] {0, 1, -1L, 1L << 40}) {
      int vdevice = ok(guest.objects.vdevice(viommu, guest.id(), number));
      refused(EEXIST, guest.objects.vdevice(viommu, other.id(), number));
      int second = ok(guest.objects.vdevice(viommu, other.id(), number ^ 8));
      ok(guest.iommufd.destroy(vdevice));
      ok(guest.iommufd.destroy(second));
    }
  }

  @Test
  void guestHasDevicesOfItsIommuOnly(KernelUnderTest test) {
    var guest = new MockGuest(test);
    int viommu = guest.viommu(guest.parent());
    var real = test.bound(guest.iommufd, test.machine().lone().getFirst());
    refused(EINVAL, guest.objects.vdevice(viommu, real.id(), 1));
  }

  @Test
  void refusedVdeviceLeavesNothing(KernelUnderTest test) {
    var guest = new MockGuest(test);
    int viommu = guest.viommu(guest.parent());
    var block =
        test.readOnly(memory -> {
          iommu_vdevice_alloc.size(memory, (int) iommu_vdevice_alloc.sizeof());
          iommu_vdevice_alloc.dev_id(memory, guest.id());
          iommu_vdevice_alloc.viommu_id(memory, viommu);
          iommu_vdevice_alloc.virt_id(memory, 7);
        });
    refused(EFAULT, guest.iommufd.ioctl(Request.IOMMU_VDEVICE_ALLOC.number(), block));
    assertEquals(viommu + 1, ok(guest.objects.vdevice(viommu, guest.id(), 7)));
    ok(guest.iommufd.destroy(viommu + 1));
    ok(guest.iommufd.destroy(viommu));
  }

  @Test
  void vdeviceGoesWithItsDeviceAndItsIdStaysTaken(KernelUnderTest test) {
    var guest = new MockGuest(test);
    MockDevice other = guest.mock.device(guest.ioas).ok();
    int viommu = guest.viommu(guest.parent());
    int vdevice = ok(guest.objects.vdevice(viommu, other.id(), 7));
    ok(guest.iommufd.destroy(other.stdev()));
    refused(ENOENT, guest.iommufd.destroy(vdevice));
    // The device's two ids are free again, the vDEVICE's is not.
    assertEquals(other.stdev(), ok(guest.iommufd.ioasAlloc()));
    assertEquals(other.id(), ok(guest.iommufd.ioasAlloc()));
    assertEquals(vdevice + 1, ok(guest.iommufd.ioasAlloc()));
    assertEquals(vdevice + 2, ok(guest.objects.vdevice(viommu, guest.id(), 7)));
    ok(guest.iommufd.destroy(vdevice + 2));
    ok(guest.iommufd.destroy(viommu));
  }

  @Test
  void destroyedVdeviceFreesItsId(KernelUnderTest test) {
    var guest = new MockGuest(test);
    int viommu = guest.viommu(guest.parent());
    int vdevice = ok(guest.objects.vdevice(viommu, guest.id(), 7));
    ok(guest.iommufd.destroy(vdevice));
    assertEquals(vdevice, ok(guest.iommufd.ioasAlloc()));
  }

  @Test
  void guestMayLoseADeviceThatIsOnItsTable(KernelUnderTest test) {
    var guest = new MockGuest(test);
    int viommu = guest.viommu(guest.parent());
    int nested = guest.nested(viommu);
    int vdevice = ok(guest.objects.vdevice(viommu, guest.id(), 7));
    guest.replace(nested);
    ok(guest.iommufd.destroy(vdevice));
    refused(ENOENT, guest.mock.replace(guest.device.stdev(), guest.nested(viommu)));
    refused(EBUSY, guest.iommufd.destroy(viommu));
    guest.replace(guest.ioas);
  }
}
