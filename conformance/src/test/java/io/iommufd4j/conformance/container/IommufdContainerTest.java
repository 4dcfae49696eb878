// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.container;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.container.OpenContainer.TYPE1V2;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENODEV;
import static io.iommufd4j.kernel.Errno.EPERM;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenDevice;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.pci.PciAddress;
import org.junit.jupiter.api.Test;

/** An iommufd in a container's place. */
@Conformance
final class IommufdContainerTest {

  private static final long PAGE = UserPages.PAGE;
  private static final long IOVA = 0x100_0000;

  private static int compatible(OpenIommufd iommufd) {
    RequestBlock block =
        iommufd.block(Request.IOMMU_VFIO_IOAS).set("op", iommufd_h.IOMMU_VFIO_IOAS_GET());
    int answer = iommufd.ioctl(block);
    return answer < 0 ? answer : (int) block.get("ioas_id");
  }

  @Test
  void itGetsAnIoasOfItsOwn(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    OpenGroup group = OpenGroup.of(test, test.machine().lone().getFirst());
    refused(ENODEV, compatible(iommufd));
    ok(group.setContainer(iommufd.fd()));
    assertEquals(1, compatible(iommufd));
    assertEquals(3, group.status());
    refused(EINVAL, group.setContainer(iommufd.fd()));
    ok(group.unsetContainer());
    assertEquals(1, compatible(iommufd), "that stays");
    ok(group.setContainer(iommufd.fd()));
    assertEquals(1, compatible(iommufd));
  }

  @Test
  void dmaReachesWhatIsMapped(KernelUnderTest test) {
    PciAddress address = test.machine().lone().getFirst();
    OpenIommufd iommufd = test.iommufd();
    OpenGroup group = OpenGroup.of(test, address);
    ok(group.setContainer(iommufd.fd()));
    OpenContainer container = OpenContainer.over(test, iommufd.fd());
    ok(container.setIommu(TYPE1V2));
    UserPages pages = test.pages(2);
    pages.memory().setString(0, "hello");
    ok(container.map(IOVA, pages.address(), 2 * PAGE));
    test.dma(group.device(address)).move(IOVA, IOVA + PAGE, 64);
    assertEquals("hello", pages.memory().getString(PAGE));
  }

  @Test
  void devicesAreObjectsThere(KernelUnderTest test) {
    PciAddress address = test.machine().lone().getFirst();
    OpenIommufd iommufd = test.iommufd();
    OpenGroup group = OpenGroup.of(test, address);
    ok(group.setContainer(iommufd.fd()));
    OpenDevice device = group.device(address);
    // The IOAS is 1, the device 2, and its automatic HWPT 3.
    refused(EBUSY, iommufd.destroy(2));
    refused(EBUSY, iommufd.destroy(3));
    refused(EBUSY, iommufd.destroy(1));
    OpenDevice again = group.device(address);
    device.close();
    refused(EBUSY, iommufd.destroy(2));
    again.close();
    ok(iommufd.destroy(1));
  }

  @Test
  void containerMayBeUnsetWhileDevicesAreOpen(KernelUnderTest test) {
    PciAddress address = test.machine().lone().getFirst();
    OpenIommufd iommufd = test.iommufd();
    OpenGroup group = OpenGroup.of(test, address);
    ok(group.setContainer(iommufd.fd()));
    OpenDevice device = group.device(address);
    ok(group.unsetContainer());
    refused(EINVAL, group.deviceFd(address.toString()));
    ok(device.ioctl(device.block(Request.VFIO_DEVICE_GET_INFO)));
    assertEquals(0, group.status(), "the device's context owns it");
  }

  @Test
  void deviceNeedsTheIoas(KernelUnderTest test) {
    PciAddress address = test.machine().lone().getFirst();
    OpenIommufd iommufd = test.iommufd();
    OpenGroup group = OpenGroup.of(test, address);
    ok(group.setContainer(iommufd.fd()));
    ok(
        iommufd.ioctl(
            iommufd.block(Request.IOMMU_VFIO_IOAS).set("op", iommufd_h.IOMMU_VFIO_IOAS_CLEAR())));
    refused(ENODEV, group.deviceFd(address.toString()));
  }

  @Test
  void groupOfTwoHasOneOwner(KernelUnderTest test) {
    PciAddress first = test.machine().pair().getFirst();
    PciAddress second = test.machine().pair().getLast();
    OpenGroup group = OpenGroup.of(test, first);
    OpenIommufd one = test.iommufd();
    OpenIommufd two = test.iommufd();
    ok(group.setContainer(one.fd()));
    group.device(first);
    ok(group.unsetContainer());
    ok(group.setContainer(two.fd()));
    refused(EPERM, group.deviceFd(second.toString()));
    ok(group.unsetContainer());
    ok(group.setContainer(one.fd()));
    group.device(second);
    refused(EPERM, unclaimed(test, group));
  }

  private static int unclaimed(KernelUnderTest test, OpenGroup group) {
    ok(group.unsetContainer());
    return group.setContainer(OpenContainer.of(test).fd());
  }
}
