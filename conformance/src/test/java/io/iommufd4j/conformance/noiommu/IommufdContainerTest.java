// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.noiommu;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.UserPages.PAGE;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENODEV;
import static io.iommufd4j.kernel.Errno.EPERM;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenDevice;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.container.OpenContainer;
import io.iommufd4j.conformance.container.OpenGroup;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.pci.PciAddress;
import org.junit.jupiter.api.Test;

/** An iommufd in a container's place, for a group without an IOMMU. */
@Conformance
@WithoutIommu
final class IommufdContainerTest {

  private static final int NO_IOMMU = vfio_h.VFIO_NOIOMMU_IOMMU();

  private static PciAddress lone(KernelUnderTest test) {
    return test.machine().lone().getFirst();
  }

  private static int compatible(OpenIommufd iommufd, int operation, int ioas) {
    return iommufd.ioctl(
        iommufd.block(Request.IOMMU_VFIO_IOAS).set("op", operation).set("ioas_id", ioas));
  }

  private static int get(OpenIommufd iommufd) {
    return compatible(iommufd, iommufd_h.IOMMU_VFIO_IOAS_GET(), 0);
  }

  private static int set(OpenIommufd iommufd, int ioas) {
    return compatible(iommufd, iommufd_h.IOMMU_VFIO_IOAS_SET(), ioas);
  }

  @Test
  void extensionsDependOnTheFirstGroup(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    OpenContainer container = OpenContainer.over(test, iommufd.fd());
    assertEquals(1, container.extension(NO_IOMMU));
    assertEquals(1, container.extension(OpenContainer.TYPE1));
    assertEquals(1, container.extension(vfio_h.VFIO_UNMAP_ALL()));
    ok(OpenGroup.of(test, lone(test)).setContainer(iommufd.fd()));
    assertEquals(1, container.extension(NO_IOMMU));
    assertEquals(0, container.extension(OpenContainer.TYPE1));
    assertEquals(0, container.extension(OpenContainer.TYPE1V2));
    assertEquals(0, container.extension(vfio_h.VFIO_UNMAP_ALL()));
    refused(ENODEV, container.extension(vfio_h.VFIO_DMA_CC_IOMMU()));
    assertEquals(0, container.extension(vfio_h.VFIO_UPDATE_VADDR()));
  }

  @Test
  void noneIsChosenAsOftenAsOneLikes(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    OpenContainer container = OpenContainer.over(test, iommufd.fd());
    refused(EINVAL, container.setIommu(NO_IOMMU));
    refused(ENODEV, container.setIommu(OpenContainer.TYPE1));
    ok(OpenGroup.of(test, lone(test)).setContainer(iommufd.fd()));
    ok(container.setIommu(NO_IOMMU));
    ok(container.setIommu(NO_IOMMU));
    refused(EINVAL, container.setIommu(OpenContainer.TYPE1));
    refused(EINVAL, container.setIommu(OpenContainer.TYPE1V2));
    refused(EINVAL, container.setIommu(0));
  }

  @Test
  void thereIsNoIoasToMapInto(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    OpenContainer container = OpenContainer.over(test, iommufd.fd());
    ok(OpenGroup.of(test, lone(test)).setContainer(iommufd.fd()));
    refused(ENODEV, get(iommufd));
    refused(ENODEV, container.map(PAGE, test.pages(1).address(), PAGE));
    refused(ENODEV, container.unmap(PAGE, PAGE));
    refused(ENODEV, container.ioctl(container.block(Request.VFIO_IOMMU_GET_INFO)));
  }

  @Test
  void deviceIsNoObjectThere(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    OpenGroup group = OpenGroup.of(test, lone(test));
    ok(group.setContainer(iommufd.fd()));
    OpenDevice device = group.device(lone(test));
    ok(device.ioctl(device.block(Request.VFIO_DEVICE_GET_INFO)));
    assertEquals(1, iommufd.ioasAlloc());
    OpenDevice again = group.device(lone(test));
    device.close();
    ok(group.unsetContainer());
    ok(again.ioctl(again.block(Request.VFIO_DEVICE_GET_INFO)));
    refused(EINVAL, group.deviceFd(lone(test).toString()));
    ok(group.setContainer(iommufd.fd()));
    again.close();
    group.device(lone(test));
  }

  @Test
  void whoExpectsTranslationGetsNoDevice(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    ok(set(iommufd, ioas));
    OpenGroup group = OpenGroup.of(test, lone(test));
    refused(EINVAL, group.setContainer(iommufd.fd()));
    ok(compatible(iommufd, iommufd_h.IOMMU_VFIO_IOAS_CLEAR(), 0));
    ok(group.setContainer(iommufd.fd()));
    ok(set(iommufd, ioas));
    refused(EPERM, group.deviceFd(lone(test).toString()));
    ok(compatible(iommufd, iommufd_h.IOMMU_VFIO_IOAS_CLEAR(), 0));
    OpenDevice device = group.device(lone(test));
    ok(set(iommufd, ioas));
    group.device(lone(test)).close();
    device.close();
    refused(EPERM, group.deviceFd(lone(test).toString()));
  }

  @Test
  void contextRemembersWhenTheGroupLeaves(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    OpenContainer container = OpenContainer.over(test, iommufd.fd());
    OpenGroup group = OpenGroup.of(test, lone(test));
    ok(group.setContainer(iommufd.fd()));
    refused(EINVAL, group.setContainer(iommufd.fd()));
    ok(group.unsetContainer());
    ok(container.setIommu(NO_IOMMU));
    refused(EINVAL, container.setIommu(OpenContainer.TYPE1));
  }

  @Test
  void boundDevicesAndGroupsShareAnIommufd(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int id = test.bound(iommufd, test.machine().lone().get(1)).id();
    OpenGroup group = OpenGroup.of(test, lone(test));
    ok(group.setContainer(iommufd.fd()));
    group.device(lone(test));
    assertEquals(2, iommufd.ioasAlloc());
    ok(iommufd.hwptAlloc(id, 2));
  }
}
