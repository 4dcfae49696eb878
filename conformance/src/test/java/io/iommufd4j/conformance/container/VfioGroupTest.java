// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.container;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.kernel.Errno.EBADF;
import static io.iommufd4j.kernel.Errno.EBADFD;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENODEV;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.ENOTTY;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenDevice;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.pci.PciAddress;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code /dev/vfio/GROUP}: who may open it, its container, and devices from it. */
@Conformance
final class VfioGroupTest {

  private static final int VIABLE = 1;
  private static final int WITH_CONTAINER = 2;

  private static PciAddress lone(KernelUnderTest test) {
    return test.machine().lone().getFirst();
  }

  @Test
  void groupIsOpenOnce(KernelUnderTest test) {
    OpenGroup group = OpenGroup.of(test, lone(test));
    refused(EBUSY, OpenGroup.tryOpen(test, OpenGroup.node(test, lone(test))));
    group.close();
    OpenGroup.of(test, lone(test));
  }

  @Test
  void thereIsANodeForEachGroupOnly(KernelUnderTest test) {
    refused(ENOENT, OpenGroup.tryOpen(test, "/dev/vfio/4711"));
  }

  @Test
  void boundDeviceKeepsTheGroupClosed(KernelUnderTest test) {
    PciAddress first = test.machine().pair().getFirst();
    String node = OpenGroup.node(test, first);
    OpenDevice device = test.device(first);
    OpenGroup.of(test, first).close();
    ok(device.bind(test.iommufd()));
    refused(EBUSY, OpenGroup.tryOpen(test, node));
    device.close();
    OpenGroup.of(test, first);
  }

  @Test
  void openGroupKeepsDevicesFromBeingBound(KernelUnderTest test) {
    PciAddress first = test.machine().pair().getFirst();
    OpenIommufd iommufd = test.iommufd();
    OpenGroup group = OpenGroup.of(test, first);
    OpenDevice device = test.device(test.machine().pair().getLast());
    refused(EBUSY, device.bind(iommufd));
    refused(EINVAL, device.bind(-1));
    refused(EBUSY, device.bind(1000));
    group.close();
    ok(device.bind(iommufd));
  }

  @Test
  void statusTellsOfTheContainer(KernelUnderTest test) {
    OpenGroup group = OpenGroup.of(test, lone(test));
    OpenContainer container = OpenContainer.of(test);
    assertEquals(VIABLE, group.status());
    ok(group.setContainer(container.fd()));
    assertEquals(VIABLE | WITH_CONTAINER, group.status());
    ok(group.unsetContainer());
    assertEquals(VIABLE, group.status());
  }

  @Test
  void statusBlockIsChecked(KernelUnderTest test) {
    OpenGroup group = OpenGroup.of(test, lone(test));
    RequestBlock block = group.statusBlock();
    refused(EINVAL, group.ioctl(block.request(), block.size(7).memory()));
    ok(group.ioctl(block.request(), block.size(100).memory()));
    assertEquals(100, block.get("argsz"));
    refused(EFAULT, group.ioctl(block.request(), MemorySegment.ofAddress(test.badAddress())));
    MemorySegment readOnly =
        test.readOnly(memory -> memory.set(java.lang.foreign.ValueLayout.JAVA_INT, 0, 8));
    refused(EFAULT, group.ioctl(block.request(), readOnly));
  }

  @Test
  void containerIsSetOnce(KernelUnderTest test) {
    OpenGroup group = OpenGroup.of(test, lone(test));
    OpenContainer container = OpenContainer.of(test);
    refused(EINVAL, group.unsetContainer());
    ok(group.setContainer(container.fd()));
    refused(EINVAL, group.setContainer(container.fd()));
    refused(EINVAL, group.setContainer(OpenContainer.of(test).fd()));
    refused(EINVAL, group.setContainer(test.memfd(1)));
    refused(EBADF, group.setContainer(-1));
    ok(group.unsetContainer());
    refused(EINVAL, group.unsetContainer());
    ok(group.setContainer(container.fd()));
  }

  @Test
  void onlyContainersAndIommufdsWillDo(KernelUnderTest test) {
    OpenGroup group = OpenGroup.of(test, lone(test));
    refused(EBADF, group.setContainer(-1));
    refused(EBADF, group.setContainer(1000));
    refused(EBADFD, group.setContainer(test.memfd(1)));
    refused(EBADFD, group.setContainer(group.fd()));
    refused(
        EFAULT,
        group.ioctl(Request.VFIO_GROUP_SET_CONTAINER, MemorySegment.ofAddress(test.badAddress())));
    ok(group.setContainer(test.iommufd().fd()));
  }

  @Test
  void deviceIsOpenedOnceTheIommuIsChosen(KernelUnderTest test) {
    OpenGroup group = OpenGroup.of(test, lone(test));
    OpenContainer container = OpenContainer.of(test);
    String name = lone(test).toString();
    refused(EINVAL, group.deviceFd(name));
    ok(group.setContainer(container.fd()));
    refused(EINVAL, group.deviceFd(name));
    ok(container.setIommu(OpenContainer.TYPE1V2));
    group.device(lone(test));
  }

  @Test
  void deviceIsFoundByItsName(KernelUnderTest test) {
    OpenGroup group = ready(test, lone(test));
    String name = lone(test).toString();
    refused(ENODEV, group.deviceFd(test.machine().lone().get(1).toString()));
    refused(ENODEV, group.deviceFd("0000:00:1f.7"));
    refused(ENODEV, group.deviceFd(""));
    refused(ENODEV, group.deviceFd(name.substring(1)));
    refused(ENODEV, group.deviceFd(name + "x"));
    test.device(lone(test), ok(group.deviceFd(name + " ")));
    refused(
        EFAULT,
        group.ioctl(Request.VFIO_GROUP_GET_DEVICE_FD, MemorySegment.ofAddress(test.badAddress())));
    refused(EINVAL, group.deviceFd(name + "x".repeat(5000)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        " vf_token=bd8d9d2b-5a5f-4f5a-a211-f591514ba1f3",
        " vf_token=bd8d9d2b",
        " vf_token=bd8d9d2b-5a5f-4f5a-a211-f591514ba1fx",
        " vf_token=bd8d9d2b-5a5f-4f5a-a211-f591514ba1f3"
            + " vf_token=bd8d9d2b-5a5f-4f5a-a211-f591514ba1f3",
        " x",
      })
  void functionOutsideSrIovTakesNoToken(String option, KernelUnderTest test) {
    OpenGroup group = ready(test, lone(test));
    same(EINVAL.negated(), group.deviceFd(lone(test) + option));
  }

  @Test
  void deviceIsOpenedSeveralTimes(KernelUnderTest test) {
    OpenGroup group = ready(test, lone(test));
    OpenDevice first = group.device(lone(test));
    OpenDevice second = group.device(lone(test));
    refused(EBUSY, group.unsetContainer());
    first.close();
    ok(second.ioctl(second.block(Request.VFIO_DEVICE_GET_INFO)));
    refused(EBUSY, group.unsetContainer());
    second.close();
    ok(group.unsetContainer());
  }

  @Test
  void deviceOfAGroupIsNotBoundAgain(KernelUnderTest test) {
    OpenGroup group = ready(test, lone(test));
    OpenDevice device = group.device(lone(test));
    OpenIommufd iommufd = test.iommufd();
    refused(EINVAL, device.bind(iommufd));
    refused(ENOTTY, device.attach(ok(iommufd.ioasAlloc())));
    refused(ENOTTY, device.detach());
  }

  @Test
  void deviceKeepsItsGroupOpen(KernelUnderTest test) {
    OpenGroup group = ready(test, lone(test));
    OpenDevice device = group.device(lone(test));
    group.close();
    refused(EBUSY, OpenGroup.tryOpen(test, OpenGroup.node(test, lone(test))));
    device.close();
    OpenGroup.of(test, lone(test));
  }

  @Test
  void whatIsNoRequestIsUnknown(KernelUnderTest test) {
    OpenGroup group = OpenGroup.of(test, lone(test));
    refused(ENOTTY, group.ioctl(Request.IOMMU_IOAS_ALLOC, MemorySegment.NULL));
    refused(ENOTTY, group.ioctl(Request.VFIO_GET_API_VERSION, MemorySegment.NULL));
    MemorySegment buffer = test.arena().allocate(8);
    refused(EINVAL, test.kernel().read(group.fd(), buffer));
    refused(EINVAL, test.kernel().write(group.fd(), buffer));
  }

  /** An open group in a container of its own, ready for devices. */
  static OpenGroup ready(KernelUnderTest test, PciAddress address) {
    OpenGroup group = OpenGroup.of(test, address);
    OpenContainer container = OpenContainer.of(test);
    ok(group.setContainer(container.fd()));
    ok(container.setIommu(OpenContainer.TYPE1V2));
    return group;
  }
}
