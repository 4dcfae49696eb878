// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.host;

import static io.iommufd4j.conformance.typedvfio.Refusal.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.Iommufd;
import io.iommufd4j.bindings.pci.pci_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.vfio.PciRegion;
import io.iommufd4j.vfio.Registers;
import io.iommufd4j.vfio.VfioDevice;
import io.iommufd4j.vfio.group.IommuType;
import io.iommufd4j.vfio.group.VfioContainer;
import io.iommufd4j.vfio.group.VfioGroup;
import io.iommufd4j.vfio.reset.AffectedDevice;
import io.iommufd4j.vfio.reset.AffectedDevice.Bound;
import io.iommufd4j.vfio.reset.AffectedDevice.InGroup;
import io.iommufd4j.vfio.reset.AffectedDevice.OfOwnedGroup;
import io.iommufd4j.vfio.reset.HotReset;
import io.iommufd4j.vfio.reset.HotResetInfo;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Hot reset of two functions behind a bridge, which are one group. */
@Conformance
@OnHostMachines
final class BusResetTest {

  private static final PciAddress ONE = PciAddress.parse("0000:03:01.0");
  private static final PciAddress OTHER = PciAddress.parse("0000:03:02.0");
  private static final int RAISED = 0x24;
  private static final int RAISE = 0x60;
  private static final int ACKNOWLEDGE = 0x64;

  /** {@code PCI_STATUS_INTERRUPT}. */
  private static final int PIN = 8;

  /** A device's pin is up: the model keeps its registers over a reset, and PCI lowers the pin. */
  private static void raisePin(VfioDevice device) {
    device.config().memorySpace(true);
    Registers registers = device.registers(device.region(PciRegion.BAR0));
    registers.write32(RAISE, 1);
    assertEquals(1, registers.read32(RAISED));
    assertEquals(PIN, device.config().read16(pci_h.PCI_STATUS()) & PIN);
  }

  private static void requireReset(VfioDevice device) {
    assertEquals(0, device.config().read16(pci_h.PCI_STATUS()) & PIN);
    device.config().memorySpace(true);
    Registers registers = device.registers(device.region(PciRegion.BAR0));
    assertEquals(1, registers.read32(RAISED));
    registers.write32(ACKNOWLEDGE, -1);
  }

  @Test
  void everythingOnTheBusIsReset(KernelUnderTest test) {
    Kernel kernel = test.kernel();
    try (var _ = VfioBinding.bind(kernel, List.of(ONE, OTHER));
        var iommufd = Iommufd.open(kernel);
        var one = VfioDevice.open(kernel, ONE);
        var other = VfioDevice.open(kernel, OTHER)) {
      var id = one.bind(iommufd);
      HotReset reset = one.hotReset();
      assertEquals(
          new HotResetInfo(
              true,
              List.of(
                  new AffectedDevice(ONE, new Bound(id)),
                  new AffectedDevice(OTHER, new OfOwnedGroup()))),
          reset.info());
      var otherId = other.bind(iommufd);
      assertEquals(new Bound(otherId), reset.info().devices().getLast().owner());
      raisePin(one);
      raisePin(other);
      reset.reset();
      requireReset(one);
      requireReset(other);
      refused(Errno.EINVAL, () -> reset.resetWithGroups(iommufd.fd()));
    }
  }

  @Test
  void deviceOfAGroupIsResetWithTheGroup(KernelUnderTest test) {
    Kernel kernel = test.kernel();
    try (var _ = VfioBinding.bind(kernel, List.of(ONE, OTHER));
        var container = VfioContainer.open(kernel);
        var group = VfioGroup.open(kernel, ONE)) {
      group.setContainer(container);
      container.setIommu(IommuType.TYPE1_V2);
      try (VfioDevice device = group.openDevice(ONE)) {
        HotReset reset = device.hotReset();
        HotResetInfo info = reset.info();
        int number = Host.of(kernel).device(ONE).group().orElseThrow();
        assertFalse(info.owned());
        assertEquals(
            List.of(
                new AffectedDevice(ONE, new InGroup(number)),
                new AffectedDevice(OTHER, new InGroup(number))),
            info.devices());
        var bare = refused(Errno.EINVAL, reset::reset);
        assertTrue(bare.hint().contains("with descriptors of the groups"), bare.hint());
        raisePin(device);
        reset.resetWithGroups(group.fd());
        requireReset(device);
        refused(Errno.EBADF, () -> reset.resetWithGroups(1000));
        refused(Errno.EINVAL, () -> reset.resetWithGroups(container.fd()));
      }
    }
  }
}
