// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.noiommu;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.UserPages.PAGE;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENODEV;
import static io.iommufd4j.kernel.Errno.ENOTTY;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenDevice;
import io.iommufd4j.conformance.container.OpenContainer;
import io.iommufd4j.conformance.container.OpenGroup;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.pci.PciAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code /dev/vfio/noiommu-N} in a container, whose only IOMMU is none. */
@Conformance
@WithoutIommu
final class GroupTest {

  private static final int NO_IOMMU = vfio_h.VFIO_NOIOMMU_IOMMU();
  private static final int EXTENSIONS = 12;
  private static final int VIABLE = 1;
  private static final int WITH_CONTAINER = 2;

  private static PciAddress lone(KernelUnderTest test) {
    return test.machine().lone().getFirst();
  }

  private static void onlyNone(OpenContainer container) {
    for (int extension = 0; extension < EXTENSIONS; extension++) {
      assertEquals(extension == NO_IOMMU ? 1 : 0, container.extension(extension));
    }
  }

  @Test
  void groupIsOpenOnce(KernelUnderTest test) {
    OpenGroup group = OpenGroup.of(test, lone(test));
    refused(EBUSY, OpenGroup.tryOpen(test, OpenGroup.node(test, lone(test))));
    group.close();
    OpenGroup.of(test, lone(test));
  }

  @Test
  void statusIsAsWithAnIommu(KernelUnderTest test) {
    OpenGroup group = OpenGroup.of(test, lone(test));
    assertEquals(VIABLE, group.status());
    ok(group.setContainer(OpenContainer.of(test).fd()));
    assertEquals(VIABLE | WITH_CONTAINER, group.status());
    ok(group.unsetContainer());
    assertEquals(VIABLE, group.status());
  }

  @Test
  void emptyContainerOffersNoneToo(KernelUnderTest test) {
    OpenContainer container = OpenContainer.of(test);
    assertEquals(1, container.extension(NO_IOMMU));
    assertEquals(1, container.extension(OpenContainer.TYPE1));
    assertEquals(1, container.extension(OpenContainer.TYPE1V2));
    assertEquals(1, container.extension(vfio_h.VFIO_UNMAP_ALL()));
    assertEquals(0, container.extension(vfio_h.VFIO_DMA_CC_IOMMU()));
  }

  @Test
  void groupLeavesNothingElse(KernelUnderTest test) {
    OpenContainer container = OpenContainer.of(test);
    ok(OpenGroup.of(test, lone(test)).setContainer(container.fd()));
    onlyNone(container);
    ok(container.setIommu(NO_IOMMU));
    onlyNone(container);
  }

  @Test
  void parameterDecidesAnew(KernelUnderTest test) {
    Attribute mode = new Attribute(test, Attribute.MODE);
    test.keep(() -> ok(mode.write("Y")));
    OpenContainer container = OpenContainer.of(test);
    ok(mode.write("N"));
    OpenGroup group = OpenGroup.of(test, lone(test));
    assertEquals(0, container.extension(NO_IOMMU));
    ok(group.setContainer(container.fd()));
    refused(ENODEV, container.setIommu(NO_IOMMU));
    ok(mode.write("Y"));
    ok(container.setIommu(NO_IOMMU));
    ok(mode.write("N"));
    assertEquals(0, container.extension(NO_IOMMU));
    group.device(lone(test));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 4, 6, 7, 9, 10, 99})
  void otherIommusAreNotThere(int type, KernelUnderTest test) {
    OpenContainer container = OpenContainer.of(test);
    ok(OpenGroup.of(test, lone(test)).setContainer(container.fd()));
    refused(ENODEV, container.setIommu(type));
    ok(container.setIommu(NO_IOMMU));
    refused(EINVAL, container.setIommu(type));
  }

  @Test
  void noneIsChosenOnceThereIsAGroup(KernelUnderTest test) {
    OpenContainer container = OpenContainer.of(test);
    OpenGroup group = OpenGroup.of(test, lone(test));
    refused(EINVAL, container.setIommu(NO_IOMMU));
    ok(group.setContainer(container.fd()));
    ok(container.setIommu(NO_IOMMU));
    refused(EINVAL, container.setIommu(NO_IOMMU));
    ok(group.unsetContainer());
    refused(EINVAL, container.setIommu(NO_IOMMU));
    ok(group.setContainer(container.fd()));
    ok(container.setIommu(NO_IOMMU));
  }

  @Test
  void nothingIsMapped(KernelUnderTest test) {
    OpenContainer container = OpenContainer.of(test);
    long address = test.pages(1).address();
    ok(OpenGroup.of(test, lone(test)).setContainer(container.fd()));
    refused(EINVAL, container.map(PAGE, address, PAGE));
    ok(container.setIommu(NO_IOMMU));
    refused(ENOTTY, container.map(PAGE, address, PAGE));
    refused(ENOTTY, container.unmap(PAGE, PAGE));
    refused(ENOTTY, container.ioctl(Request.VFIO_IOMMU_GET_INFO, 0));
    refused(ENOTTY, container.ioctl(Request.VFIO_IOMMU_ENABLE, 0));
    assertEquals(0, container.ioctl(Request.VFIO_GET_API_VERSION, 0));
  }

  @Test
  void deviceNeedsTheChoice(KernelUnderTest test) {
    OpenContainer container = OpenContainer.of(test);
    OpenGroup group = OpenGroup.of(test, lone(test));
    refused(EINVAL, group.deviceFd(lone(test).toString()));
    ok(group.setContainer(container.fd()));
    refused(EINVAL, group.deviceFd(lone(test).toString()));
    ok(container.setIommu(NO_IOMMU));
    refused(ENODEV, group.deviceFd("0000:00:1e.7"));
    OpenDevice device = group.device(lone(test));
    ok(device.ioctl(device.block(Request.VFIO_DEVICE_GET_INFO)));
    refused(EBUSY, group.unsetContainer());
    OpenDevice again = group.device(lone(test));
    device.close();
    ok(again.ioctl(again.block(Request.VFIO_DEVICE_GET_INFO)));
    refused(ENOTTY, again.attach(1));
    refused(EINVAL, again.bind(test.iommufd()));
    again.close();
    ok(group.unsetContainer());
  }

  @Test
  void groupsShareAContainer(KernelUnderTest test) {
    OpenContainer container = OpenContainer.of(test);
    PciAddress second = test.machine().lone().get(1);
    OpenGroup one = OpenGroup.of(test, lone(test));
    OpenGroup two = OpenGroup.of(test, second);
    ok(one.setContainer(container.fd()));
    ok(container.setIommu(NO_IOMMU));
    ok(two.setContainer(container.fd()));
    refused(ENODEV, one.deviceFd(second.toString()));
    two.device(second);
    ok(one.unsetContainer());
    refused(EINVAL, container.setIommu(NO_IOMMU));
  }
}
