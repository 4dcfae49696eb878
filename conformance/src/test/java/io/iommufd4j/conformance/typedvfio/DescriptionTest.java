// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.typedvfio;

import static io.iommufd4j.conformance.typedvfio.Refusal.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.pci.pci_h;
import io.iommufd4j.bindings.vfio.vfio_device_info;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.vfio.ConfigSpace;
import io.iommufd4j.vfio.DeviceInfo;
import io.iommufd4j.vfio.PciRegion;
import io.iommufd4j.vfio.RegionInfo;
import io.iommufd4j.vfio.VfioDevice;
import io.iommufd4j.vfio.interrupt.IrqInfo;
import io.iommufd4j.vfio.interrupt.PciIrq;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A device's description by the typed API: what it is, its regions, its interrupts, its config. */
@Conformance
final class DescriptionTest {

  private static final int REGIONS = 9;
  private static final int INTERRUPTS = 5;

  @Test
  void deviceIsDescribed(KernelUnderTest test) {
    VfioDevice device = EduDevice.of(test).device();
    DeviceInfo info = device.info();
    assertTrue(info.pci());
    assertFalse(info.resettable());
    assertEquals(REGIONS, info.regions());
    assertEquals(INTERRUPTS, info.irqs());
    assertEquals(List.of(), info.capabilities());
    refused(Errno.EINVAL, device::reset);
  }

  @Test
  void requestIsMadeWithABlockOfTheCallers(KernelUnderTest test) {
    VfioDevice device = EduDevice.of(test).device();
    MemorySegment block = vfio_device_info.allocate(test.arena());
    vfio_device_info.argsz(block, (int) block.byteSize());
    assertEquals(0, device.request(Request.VFIO_DEVICE_GET_INFO, block));
    assertEquals(REGIONS, vfio_device_info.num_regions(block));
    var refused =
        refused(Errno.ENOTTY, () -> device.request(Request.VFIO_DEVICE_QUERY_GFX_PLANE, block));
    assertTrue(refused.hint().contains("VFIO_DEVICE_QUERY_GFX_PLANE"), refused.hint());
    assertEquals(device.id(), refused.object().orElseThrow());
  }

  @Test
  void regionsAreDescribed(KernelUnderTest test) {
    VfioDevice device = EduDevice.of(test).device();
    RegionInfo bar = device.region(PciRegion.BAR0);
    assertEquals(bar, device.region(PciRegion.BAR0.index()));
    assertTrue(bar.readable() && bar.writable() && bar.mappable());
    RegionInfo config = device.region(PciRegion.CONFIG);
    assertTrue(config.readable() && config.writable());
    assertFalse(config.mappable());
    assertEquals(0, device.region(PciRegion.ROM).size());
    refused(Errno.EINVAL, () -> device.region(PciRegion.VGA));
    refused(Errno.EINVAL, () -> device.region(REGIONS));
    try (var whole = device.mapRegion(PciRegion.BAR0.index());
        var part = device.mapRegion(bar, 0, 4096)) {
      assertEquals(bar.size(), whole.byteSize());
      assertEquals(4096, part.byteSize());
    }
    assertThrows(IndexOutOfBoundsException.class, () -> device.mapRegion(bar, bar.size(), 1));
  }

  @Test
  void interruptsAreDescribed(KernelUnderTest test) {
    VfioDevice device = EduDevice.of(test).device();
    IrqInfo line = device.irq(PciIrq.INTX);
    assertEquals(line, device.irq(PciIrq.INTX.index()));
    assertEquals(line, device.interrupts().info(PciIrq.INTX.index()));
    assertTrue(line.eventfd() && line.maskable() && line.autoMasked());
    assertFalse(line.noResize());
    refused(Errno.EINVAL, () -> device.irq(INTERRUPTS));
  }

  @Test
  void configSpaceIsReadAndWritten(KernelUnderTest test) {
    ConfigSpace config = EduDevice.of(test).device().config();
    assertEquals(0x1234, config.vendorId());
    assertEquals(0x11e8, config.deviceId());
    assertEquals(0x34, config.read8(0));
    assertEquals(0x11e8_1234, config.read32(0));
    assertTrue(config.busMaster() && config.memorySpace());
    config.write8(pci_h.PCI_COMMAND(), pci_h.PCI_COMMAND_MEMORY());
    assertFalse(config.busMaster());
    config.write16(pci_h.PCI_COMMAND(), 0);
    assertFalse(config.memorySpace());
    config.write32(pci_h.PCI_COMMAND(), pci_h.PCI_COMMAND_MASTER());
    assertEquals(pci_h.PCI_COMMAND_MASTER(), config.read16(pci_h.PCI_COMMAND()));
    config.memorySpace(true);
    config.busMaster(false);
    assertThrows(IndexOutOfBoundsException.class, () -> config.read8(-1));
  }

  @Test
  void regionIsReadAndWrittenInBlocks(KernelUnderTest test) {
    VfioDevice device = EduDevice.of(test).device();
    RegionInfo bar = device.region(PciRegion.BAR0);
    MemorySegment buffer = test.arena().allocate(ValueLayout.JAVA_INT);
    assertEquals(4, device.read(bar, EduDevice.IDENTIFICATION, buffer));
    assertEquals(EduDevice.MODEL, buffer.get(ValueLayout.JAVA_INT, 0));
    buffer.set(ValueLayout.JAVA_INT, 0, 3);
    assertEquals(4, device.write(bar, EduDevice.LIVENESS, buffer));
    assertEquals(4, device.read(bar, EduDevice.LIVENESS, buffer));
    assertEquals(~3, buffer.get(ValueLayout.JAVA_INT, 0));
    assertThrows(IndexOutOfBoundsException.class, () -> device.read(bar, bar.size() + 1, buffer));
  }
}
