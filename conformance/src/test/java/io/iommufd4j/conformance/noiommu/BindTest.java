// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.noiommu;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenDevice;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.container.OpenGroup;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.pci.PciAddress;
import org.junit.jupiter.api.Test;

/** A device of a node to itself on an iommufd. */
@Conformance
@WithoutIommu
final class BindTest {

  private static final String UNSAFE_INTERRUPTS =
      "module/iommufd/parameters/allow_unsafe_interrupts";

  private static PciAddress lone(KernelUnderTest test) {
    return test.machine().lone().getFirst();
  }

  @Test
  void deviceIsAnObject(KernelUnderTest test) {
    BoundDevice bound = test.bound(lone(test));
    assertEquals(1, bound.id());
    refused(EBUSY, bound.iommufd().destroy(bound.id()));
    refused(EINVAL, bound.device().bind(bound.iommufd()));
    assertEquals(2, bound.ioas());
  }

  @Test
  void interruptsNeedNoIsolation(KernelUnderTest test) {
    Attribute unsafe = new Attribute(test, UNSAFE_INTERRUPTS);
    test.keep(() -> ok(unsafe.write("Y")));
    ok(unsafe.write("N"));
    test.bound(lone(test));
  }

  @Test
  void everyDeviceMayHaveAnOwnerOfItsOwn(KernelUnderTest test) {
    for (PciAddress address : test.machine().all()) {
      assertEquals(1, test.bound(address).id());
    }
  }

  @Test
  void deviceHasOneOwner(KernelUnderTest test) {
    test.bound(lone(test));
    refused(EINVAL, test.device(lone(test)).bind(test.iommufd()));
  }

  @Test
  void openGroupAndBoundDeviceExcludeEachOther(KernelUnderTest test) {
    String node = OpenGroup.node(test, lone(test));
    OpenIommufd iommufd = test.iommufd();
    OpenGroup group = OpenGroup.of(test, lone(test));
    OpenDevice device = test.device(lone(test));
    refused(EBUSY, device.bind(iommufd));
    group.close();
    ok(device.bind(iommufd));
    refused(EBUSY, OpenGroup.tryOpen(test, node));
    device.close();
    OpenGroup.of(test, lone(test));
  }

  @Test
  void tokenIsNotTaken(KernelUnderTest test) {
    OpenDevice device = test.device(lone(test));
    refused(
        EINVAL,
        device.ioctl(
            device
                .block(Request.VFIO_DEVICE_BIND_IOMMUFD)
                .set("iommufd", test.iommufd().fd())
                .set("flags", vfio_h.VFIO_DEVICE_BIND_FLAG_TOKEN())
                .set("token_uuid_ptr", test.pages(1).address())));
  }

  @Test
  void thereIsNoHardwareToTellOf(KernelUnderTest test) {
    BoundDevice bound = test.bound(lone(test));
    refused(
        EOPNOTSUPP,
        bound.iommufd().ioctl(bound.iommufd().block(Request.IOMMU_GET_HW_INFO).set("dev_id", 1)));
  }

  @Test
  void guestGetsNoIommu(KernelUnderTest test) {
    BoundDevice bound = test.bound(lone(test));
    int hwpt = bound.hwpt(bound.ioas());
    for (int type : new int[] {1, 2, 3, 0xdeadbeef}) {
      refused(
          EOPNOTSUPP,
          bound
              .iommufd()
              .ioctl(
                  bound
                      .iommufd()
                      .block(Request.IOMMU_VIOMMU_ALLOC)
                      .set("dev_id", bound.id())
                      .set("hwpt_id", hwpt)
                      .set("type", type)));
    }
    refused(
        EOPNOTSUPP,
        bound.iommufd().hwptAlloc(bound.id(), hwpt, iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT()));
  }
}
