// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.hints;

import static io.iommufd4j.kernel.Errno.EBADF;
import static io.iommufd4j.kernel.Errno.EBADFD;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.EPERM;

import io.iommufd4j.Iommufd;
import io.iommufd4j.IommufdRef;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.conformance.Answers;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.container.OpenContainer;
import io.iommufd4j.conformance.container.OpenGroup;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.vfio.VfioDevice;
import io.iommufd4j.vfio.VfioDeviceRef;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** {@code VFIO_DEVICE_BIND_IOMMUFD}. */
@Conformance
final class BindHintTest {

  private static final UUID TOKEN = new UUID(1, 2);

  private static final String[] OTHERS_OF_EINVAL = {
    "firmware keeps", "coherent", "not shown", "token"
  };

  private static VfioDevice open(Kernel kernel, PciAddress address) {
    return VfioDevice.open(kernel, address);
  }

  private static String cdev(KernelUnderTest test, PciAddress address) {
    return Host.of(test.kernel()).device(address).cdevPath().orElseThrow();
  }

  @Test
  void aDescriptorThatIsBound(KernelUnderTest test) {
    try (var iommufd = Iommufd.open(test.kernel());
        var device = open(test.kernel(), test.machine().lone().getFirst())) {
      device.bind(iommufd);
      Refusal.of(EINVAL, () -> device.bind(iommufd))
          .names("this descriptor is bound to an iommufd already")
          .leavesOut(OTHERS_OF_EINVAL);
    }
  }

  @Test
  void aDeviceThatThisProcessHasBound(KernelUnderTest test) {
    PciAddress address = test.machine().lone().getFirst();
    try (var iommufd = Iommufd.open(test.kernel());
        var first = open(test.kernel(), address);
        var second = open(test.kernel(), address)) {
      first.bind(iommufd);
      Refusal.of(EINVAL, () -> second.bind(iommufd))
          .names(cdev(test, address), "this process has " + cdev(test, address) + " open")
          .leavesOut(OTHERS_OF_EINVAL);
    }
  }

  @Test
  void aDescriptorFromAGroup(KernelUnderTest test) {
    PciAddress address = test.machine().lone().getFirst();
    OpenContainer container = OpenContainer.of(test);
    OpenGroup group = OpenGroup.of(test, address);
    Answers.ok(group.setContainer(container.fd()));
    Answers.ok(container.setIommu(vfio_h.VFIO_TYPE1_IOMMU()));
    int fd = group.device(address).fd();
    try (var iommufd = Iommufd.open(test.kernel())) {
      VfioDeviceRef device = VfioDeviceRef.of(test.kernel(), fd);
      Refusal.of(EINVAL, () -> device.bind(iommufd))
          .names("VFIO_GROUP_GET_DEVICE_FD")
          .leavesOut(OTHERS_OF_EINVAL);
    }
  }

  @Test
  void aTokenForADeviceThatHasNone(KernelUnderTest test) {
    try (var iommufd = Iommufd.open(test.kernel());
        var device = open(test.kernel(), test.machine().lone().getFirst())) {
      boolean older = Release.of(test.kernel()).before(6, 17);
      Refusal.of(EINVAL, () -> device.bindWithToken(iommufd, TOKEN))
          .names(older ? "Linux 6.17" : "neither a VF nor a PF", "bind without")
          .leavesOut("firmware keeps", "coherent", "not shown");
    }
  }

  @Test
  void interruptsThatAreNotIsolated(KernelUnderTest test) {
    test.keep(UnsafeInterrupts.forbidden(test.kernel()));
    try (var iommufd = Iommufd.open(test.kernel());
        var device = open(test.kernel(), test.machine().lone().getFirst())) {
      if (UnsafeInterrupts.unneededOn(test)) {
        device.bind(iommufd);
        return;
      }
      Refusal.of(EPERM, () -> device.bind(iommufd))
          .names("does not isolate", "allow_unsafe_interrupts=1 (now N)")
          .leavesOut("iommufd:", "host's driver");
    }
  }

  @Test
  void aSiblingOnAnotherIommufd(KernelUnderTest test) {
    PciAddress sibling = test.machine().pair().getLast();
    try (var iommufd = Iommufd.open(test.kernel());
        var other = Iommufd.open(test.kernel());
        var device = open(test.kernel(), test.machine().pair().getFirst());
        var taken = open(test.kernel(), sibling)) {
      taken.bind(other);
      Refusal.of(EPERM, () -> device.bind(iommufd))
          .names(
              sibling + " of group ",
              cdev(test, sibling),
              "bound to another iommufd",
              "this process has " + cdev(test, sibling) + " open")
          .leavesOut("isolate", "host's driver");
    }
  }

  @Test
  void aGroupThatIsOpenTheLegacyWay(KernelUnderTest test) {
    PciAddress address = test.machine().lone().getFirst();
    try (var iommufd = Iommufd.open(test.kernel());
        var device = open(test.kernel(), address)) {
      OpenGroup.of(test, address);
      Refusal.of(EBUSY, () -> device.bind(iommufd))
          .names(OpenGroup.node(test, address), "this process has the VFIO group")
          .leavesOut("host driver");
    }
  }

  @Test
  void somethingThatIsNoIommufd(KernelUnderTest test) {
    try (var device = open(test.kernel(), test.machine().lone().getFirst())) {
      var memory = IommufdRef.of(test.kernel(), test.memfd(1));
      Refusal.of(EBADFD, () -> device.bind(memory)).names("no iommufd");
      var closed = IommufdRef.of(test.kernel(), 9999);
      Refusal.of(EBADF, () -> device.bind(closed)).names("descriptor to bind to is closed");
    }
  }
}
