// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.typedvfio;

import static io.iommufd4j.conformance.typedvfio.Refusal.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.pci.pci_h;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.vfio.DeviceRegion;
import io.iommufd4j.vfio.InfoCapability;
import io.iommufd4j.vfio.MappedRegion;
import io.iommufd4j.vfio.PciRegion;
import io.iommufd4j.vfio.RegionInfo;
import io.iommufd4j.vfio.Registers;
import io.iommufd4j.vfio.VfioDevice;
import io.iommufd4j.vfio.VfioDeviceRef;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;

/** Registers of a device, mapped and by system calls. */
@Conformance
final class RegistersTest {

  private static final long SOURCE = 0x80;
  private static final long PAGE = UserPages.PAGE;
  private static final int VENDOR = 0x1234;
  private static final int DEVICE = 0x11e8;
  private static final int READ = vfio_h.VFIO_REGION_INFO_FLAG_READ();
  private static final int WRITE = vfio_h.VFIO_REGION_INFO_FLAG_WRITE();
  private static final int MMAP = vfio_h.VFIO_REGION_INFO_FLAG_MMAP();
  private static final int PAGES = 8;
  private static final long PATIENCE_NANOS = 20_000_000_000L;

  @Test
  void systemCallsReachEveryWidth(KernelUnderTest test) {
    VfioDevice device = EduDevice.of(test).device();
    Registers config = device.registers(device.region(PciRegion.CONFIG));
    assertEquals(256, config.byteSize());
    assertEquals(VENDOR, config.read16(pci_h.PCI_VENDOR_ID()));
    assertEquals(VENDOR & 0xff, config.read8(pci_h.PCI_VENDOR_ID()));
    assertEquals(DEVICE << 16 | VENDOR, config.read32(0));
    assertEquals(config.read32(0), (int) config.read64(0));
    int command = config.read16(pci_h.PCI_COMMAND());
    config.write16(pci_h.PCI_COMMAND(), command & ~pci_h.PCI_COMMAND_MASTER());
    assertFalse(device.config().busMaster());
    config.write8(pci_h.PCI_COMMAND(), command);
    assertTrue(device.config().busMaster());
    config.write32(pci_h.PCI_COMMAND(), pci_h.PCI_COMMAND_MEMORY());
    assertEquals(pci_h.PCI_COMMAND_MEMORY(), config.read16(pci_h.PCI_COMMAND()));
  }

  @Test
  void mappedRegistersAreTheDevices(KernelUnderTest test) {
    VfioDevice device = EduDevice.of(test).device();
    Registers calls = device.registers(device.region(PciRegion.BAR0));
    try (MappedRegion bar = device.mapRegion(PciRegion.BAR0)) {
      assertEquals(calls.byteSize(), bar.byteSize());
      assertEquals(EduDevice.MODEL, bar.read32(EduDevice.IDENTIFICATION));
      exchange(calls, bar);
      exchange(bar, calls);
    }
  }

  private static void exchange(Registers one, Registers other) {
    one.write32(EduDevice.LIVENESS, 0x1234_5678);
    shows(~0x1234_5678, () -> other.read32(EduDevice.LIVENESS));
    one.write64(SOURCE, 0x1122_3344_5566_7788L);
    shows(0x1122_3344_5566_7788L, () -> other.read64(SOURCE));
    one.write64(SOURCE, 0);
    shows(0, () -> other.read64(SOURCE));
    one.write32(EduDevice.LIVENESS, 0);
    shows(-1, () -> other.read32(EduDevice.LIVENESS));
  }

  /** A simulated device sees a write to what is mapped a little later than it is made. */
  private static void shows(long expected, LongSupplier register) {
    long start = System.nanoTime();
    while (register.getAsLong() != expected && System.nanoTime() - start < PATIENCE_NANOS) {
      Thread.onSpinWait();
    }
    assertEquals(expected, register.getAsLong());
  }

  /** Memory in place of a device answers to every width, and shows the order of bytes. */
  private static VfioDeviceRef memory(KernelUnderTest test) {
    return VfioDeviceRef.of(test.kernel(), test.memfd(PAGES));
  }

  private static RegionInfo region(int flags, InfoCapability... capabilities) {
    return new RegionInfo(0, flags, PAGES * PAGE, 0, List.of(capabilities));
  }

  @Test
  void everyWidthIsLittleEndian(KernelUnderTest test) {
    VfioDeviceRef device = memory(test);
    RegionInfo whole = region(READ | WRITE | MMAP);
    try (MappedRegion mapped = device.mapRegion(whole, 0, PAGES * PAGE);
        DeviceRegion both = device.openRegion(whole)) {
      for (Registers one : List.of(mapped, device.registers(whole), both)) {
        for (Registers other : List.of(mapped, device.registers(whole), both)) {
          one.write64(8, 0x0807_0605_0403_0201L);
          assertEquals(0x0807_0605_0403_0201L, other.read64(8));
          assertEquals(0x0403_0201, other.read32(8));
          assertEquals(0x0605, other.read16(12));
          assertEquals(0x08, other.read8(15));
          one.write8(8, 0x1f1);
          one.write16(10, 0x3f3f2);
          one.write32(12, 0xf7f6f5f4);
          assertEquals(0xf7f6_f5f4_f3f2_02f1L, other.read64(8));
          assertEquals(0xf1, other.read8(8));
          assertEquals(0xf3f2, other.read16(10));
        }
      }
    }
  }

  @Test
  void onlyTheAreasThatCanBeMappedAre(KernelUnderTest test) {
    VfioDeviceRef device = memory(test);
    var areas =
        List.of(new InfoCapability.Area(PAGE, PAGE), new InfoCapability.Area(4 * PAGE, 2 * PAGE));
    RegionInfo sparse = region(READ | WRITE | MMAP, new InfoCapability.SparseMmap(areas));
    Registers calls = device.registers(sparse);
    try (DeviceRegion region = device.openRegion(sparse)) {
      assertEquals(
          areas,
          region.areas().stream()
              .map(area -> new InfoCapability.Area(area.position(), area.byteSize()))
              .toList());
      assertEquals(sparse, region.info());
      for (long at : new long[] {0, PAGE - 8, PAGE, 2 * PAGE - 8, 2 * PAGE, 5 * PAGE, 6 * PAGE}) {
        region.write64(at, 0x0102_0304_0506_0708L + at);
        assertEquals(0x0102_0304_0506_0708L + at, calls.read64(at));
        calls.write32(at, 5);
        assertEquals(5, region.read32(at));
        region.write16(at + 2, 6);
        assertEquals(6 << 16 | 5, calls.read32(at));
        region.write8(at + 1, 7);
        assertEquals(7 << 8 | 5, region.read16(at));
        assertEquals(7, region.read8(at + 1));
        region.write32(at, 8);
        assertEquals(8, calls.read32(at));
      }
      region.write32(PAGE + 4, 9);
      assertEquals(9, region.areas().getFirst().read32(4));
      assertEquals(9, region.areas().getFirst().segment().get(ValueLayout.JAVA_BYTE, 4));
    }
  }

  @Test
  void regionThatCannotBeWrittenIsNot(KernelUnderTest test) {
    VfioDeviceRef device = memory(test);
    try (MappedRegion mapped = device.mapRegion(region(READ | MMAP), 0, PAGE)) {
      assertTrue(mapped.segment().isReadOnly());
      assertEquals(0, mapped.read32(0));
      assertThrows(RuntimeException.class, () -> mapped.write32(0, 1));
    }
  }

  @Test
  void capabilitiesDescribeTheRegion(KernelUnderTest test) {
    VfioDevice device = EduDevice.of(test).device();
    RegionInfo bar = device.region(PciRegion.BAR0);
    assertEquals(List.of(new InfoCapability.Area(0, bar.size())), bar.mappableAreas());
    assertFalse(bar.msixMappable());
    assertEquals(Optional.empty(), bar.type());
    assertEquals(List.of(), device.region(PciRegion.CONFIG).mappableAreas());
    var type = new InfoCapability.RegionType(3, 4);
    RegionInfo typed = region(READ, new InfoCapability.MsixMappable(), type);
    assertTrue(typed.msixMappable());
    assertEquals(Optional.of(type), typed.type());
    assertEquals(List.of(), typed.mappableAreas());
  }

  @Test
  void regionIsMappedWhereItCanBe(KernelUnderTest test) {
    VfioDevice device = EduDevice.of(test).device();
    try (DeviceRegion bar = device.openRegion(PciRegion.BAR0);
        DeviceRegion config = device.openRegion(PciRegion.CONFIG)) {
      assertEquals(1, bar.areas().size());
      assertEquals(0, bar.areas().getFirst().position());
      exchange(bar, device.registers(bar.info()));
      assertEquals(List.of(), config.areas());
      assertEquals(VENDOR, config.read16(0));
    }
  }

  @Test
  void areaThatCannotBeMappedIsRefused(KernelUnderTest test) {
    VfioDevice device = EduDevice.of(test).device();
    RegionInfo whole = device.region(PciRegion.BAR0);
    var torn = new InfoCapability.SparseMmap(List.of(new InfoCapability.Area(1, PAGE)));
    var sparse =
        new RegionInfo(whole.index(), whole.flags(), whole.size(), whole.offset(), List.of(torn));
    refused(Errno.EINVAL, () -> device.openRegion(sparse));
  }

  @Test
  void accessOutsideOfTheRegionIsNotMade(KernelUnderTest test) {
    VfioDevice device = EduDevice.of(test).device();
    Registers calls = device.registers(device.region(PciRegion.BAR0));
    long end = calls.byteSize();
    try (MappedRegion bar = device.mapRegion(PciRegion.BAR0);
        DeviceRegion both = device.openRegion(PciRegion.BAR0)) {
      for (Registers registers : List.of(calls, bar, both)) {
        assertThrows(IndexOutOfBoundsException.class, () -> registers.read8(end));
        assertThrows(IndexOutOfBoundsException.class, () -> registers.read32(-4));
        assertThrows(IndexOutOfBoundsException.class, () -> registers.write64(end - 4, 0));
        assertThrows(IllegalArgumentException.class, () -> registers.read32(2));
        assertThrows(IllegalArgumentException.class, () -> registers.write16(1, 0));
      }
    }
  }

  @Test
  void closedRegionIsNotAccessed(KernelUnderTest test) {
    VfioDevice device = EduDevice.of(test).device();
    DeviceRegion bar = device.openRegion(PciRegion.BAR0);
    assertSame(bar.areas().getFirst(), bar.areas().getLast());
    bar.close();
    bar.close();
    assertThrows(IllegalStateException.class, () -> bar.read32(0));
  }

  @Test
  void switchedOffMemoryIsRefused(KernelUnderTest test) {
    VfioDevice device = EduDevice.of(test).device();
    Registers calls = device.registers(device.region(PciRegion.BAR0));
    device.config().memorySpace(false);
    refused(Errno.EIO, () -> calls.read32(EduDevice.IDENTIFICATION));
    refused(Errno.EIO, () -> calls.write32(EduDevice.LIVENESS, 1));
    device.config().memorySpace(true);
    assertEquals(EduDevice.MODEL, calls.read32(EduDevice.IDENTIFICATION));
  }

  @Test
  void regionThatIsNotThereHasNoRegisters(KernelUnderTest test) {
    VfioDevice device = EduDevice.of(test).device();
    try (DeviceRegion none = device.openRegion(PciRegion.BAR1)) {
      assertEquals(0, none.byteSize());
      assertThrows(IndexOutOfBoundsException.class, () -> none.read8(0));
    }
  }
}
