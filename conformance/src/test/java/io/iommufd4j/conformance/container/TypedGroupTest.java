// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.container;

import static io.iommufd4j.conformance.typedvfio.Refusal.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.Iommufd;
import io.iommufd4j.bindings.vfio.vfio_group_status;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.error.HostException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.vfio.PciRegion;
import io.iommufd4j.vfio.VfioDevice;
import io.iommufd4j.vfio.group.GroupStatus;
import io.iommufd4j.vfio.group.IommuType;
import io.iommufd4j.vfio.group.VfioContainer;
import io.iommufd4j.vfio.group.VfioContainerRef;
import io.iommufd4j.vfio.group.VfioGroup;
import io.iommufd4j.vfio.interrupt.PciIrq;
import java.lang.foreign.MemorySegment;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Groups by the typed API: their container, and devices from them. */
@Conformance
final class TypedGroupTest {

  private static PciAddress lone(KernelUnderTest test) {
    return test.machine().lone().getFirst();
  }

  @BeforeEach
  void allow(KernelUnderTest test) {
    OpenContainer.allowUnsafeInterrupts(test);
  }

  @Test
  void groupIsPutIntoAContainerAndTakenOut(KernelUnderTest test) {
    Kernel kernel = test.kernel();
    try (var container = VfioContainer.open(kernel);
        var group = VfioGroup.open(kernel, lone(test))) {
      assertSame(kernel, group.kernel());
      assertEquals(new GroupStatus(true, false), group.status());
      var out = refused(Errno.EINVAL, group::unsetContainer);
      assertEquals("the group is in no container", out.hint());
      group.setContainer(container);
      assertEquals(new GroupStatus(true, true), group.status());
      var twice = refused(Errno.EINVAL, () -> group.setContainer(container));
      assertEquals("the group is in a container already", twice.hint());
      group.unsetContainer();
      assertEquals(new GroupStatus(true, false), group.status());
    }
  }

  @Test
  void groupIsOpenOnce(KernelUnderTest test) {
    Kernel kernel = test.kernel();
    var group = VfioGroup.open(kernel, lone(test));
    refused(Errno.EBUSY, () -> VfioGroup.open(kernel, lone(test)).close());
    group.close();
    group.close();
    assertThrows(IllegalStateException.class, group::status);
    VfioGroup.openNode(kernel, OpenGroup.node(test, lone(test))).close();
    refused(Errno.ENOENT, () -> VfioGroup.openNode(kernel, "/dev/vfio/4711").close());
    var nowhere = PciAddress.parse("0000:00:1e.7");
    assertThrows(HostException.class, () -> VfioGroup.open(kernel, nowhere).close());
  }

  @Test
  void descriptorIsGivenUpAndTakenOver(KernelUnderTest test) {
    Kernel kernel = test.kernel();
    int fd = VfioGroup.open(kernel, lone(test)).release();
    try (var group = VfioGroup.adopt(kernel, fd)) {
      assertEquals(fd, group.fd());
      assertTrue(group.status().viable());
    }
  }

  @Test
  void onlyContainersAndIommufdsWillDo(KernelUnderTest test) {
    try (var group = VfioGroup.open(test.kernel(), lone(test))) {
      var none = VfioContainerRef.of(test.kernel(), test.memfd(1));
      var refused = refused(Errno.EBADFD, () -> group.setContainer(none));
      assertTrue(refused.hint().contains("neither a container nor an iommufd"), refused.hint());
    }
  }

  @Test
  void requestIsMadeWithABlockOfTheCallers(KernelUnderTest test) {
    try (var group = VfioGroup.open(test.kernel(), lone(test))) {
      MemorySegment block = vfio_group_status.allocate(test.arena());
      vfio_group_status.argsz(block, (int) block.byteSize());
      assertEquals(0, group.request(Request.VFIO_GROUP_GET_STATUS, block));
      assertEquals(vfio_h.VFIO_GROUP_FLAGS_VIABLE(), vfio_group_status.flags(block));
      var out =
          refused(
              Errno.EINVAL,
              () -> group.request(Request.VFIO_GROUP_UNSET_CONTAINER, MemorySegment.NULL));
      assertEquals("the group is in no container", out.hint());
    }
  }

  @Test
  void deviceComesFromItsGroup(KernelUnderTest test) {
    Kernel kernel = test.kernel();
    PciAddress address = lone(test);
    try (var container = VfioContainer.open(kernel);
        var group = VfioGroup.open(kernel, address)) {
      var early = refused(Errno.EINVAL, () -> group.openDevice(address).close());
      assertTrue(early.hint().contains("in no container"), early.hint());
      group.setContainer(container);
      container.setIommu(IommuType.TYPE1_V2);
      try (VfioDevice device = group.openDevice(address)) {
        assertTrue(device.info().pci());
        device.config().memorySpace(true);
        assertEquals(0x0100_00ed, device.registers(device.region(PciRegion.BAR0)).read32(0));
        device.interrupts().open(PciIrq.MSI, 1).close();
        var busy = refused(Errno.EBUSY, group::unsetContainer);
        assertEquals("a device of the group is open", busy.hint());
      }
      PciAddress other = test.machine().lone().get(1);
      var foreign = refused(Errno.ENODEV, () -> group.openDevice(other).close());
      assertTrue(foreign.hint().contains("not of this group"), foreign.hint());
      refused(Errno.ENODEV, () -> group.openDevice("nothing").close());
      refused(Errno.EINVAL, () -> group.openDevice(address, new UUID(1, 2)).close());
    }
  }

  @Test
  void deviceOfAGroupIsNotBoundAgain(KernelUnderTest test) {
    Kernel kernel = test.kernel();
    try (var iommufd = Iommufd.open(kernel);
        var container = VfioContainer.open(kernel);
        var group = VfioGroup.open(kernel, lone(test))) {
      group.setContainer(container);
      container.setIommu(IommuType.TYPE1_V2);
      try (VfioDevice device = group.openDevice(lone(test))) {
        var refused = refused(Errno.EINVAL, () -> device.bind(iommufd));
        assertTrue(refused.hint().contains("came from a VFIO group"), refused.hint());
      }
    }
  }
}
