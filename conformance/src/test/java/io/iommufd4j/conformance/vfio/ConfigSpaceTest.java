// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.vfio;

import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.pci.pci_h;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenDevice;
import io.iommufd4j.conformance.extension.Conformance;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** Config space as VFIO shows it: some registers are the device's, some are VFIO's own. */
@Conformance
final class ConfigSpaceTest {

  private static final int BYTE = 1;
  private static final int WORD = 2;
  private static final int LONG = 4;

  @Test
  void deviceIsTheOneSysfsNames(KernelUnderTest test) {
    OpenDevice device = test.bound(test.machine().lone().getFirst()).device();
    assertEquals(0x1234, device.config(pci_h.PCI_VENDOR_ID(), WORD));
    assertEquals(0x11e8, device.config(pci_h.PCI_DEVICE_ID(), WORD));
    assertEquals(0x11e8_1234, device.config(pci_h.PCI_VENDOR_ID(), LONG));
    assertEquals(0x10, device.config(pci_h.PCI_REVISION_ID(), BYTE));
    assertEquals(0x00ff, device.config(pci_h.PCI_CLASS_REVISION() + 2, WORD));
    assertEquals(0x1100_1af4, device.config(pci_h.PCI_SUBSYSTEM_VENDOR_ID(), LONG));
  }

  @Test
  void busMasteringIsSwitchedByHand(KernelUnderTest test) {
    OpenDevice device = test.bound(test.machine().lone().getFirst()).device();
    int command = pci_h.PCI_COMMAND();
    int master = pci_h.PCI_COMMAND_MASTER();
    assertEquals(0, device.config(command, WORD) & master);
    device.config(command, WORD, pci_h.PCI_COMMAND_MEMORY() | master);
    assertEquals(pci_h.PCI_COMMAND_MEMORY() | master, device.config(command, WORD));
    device.config(command, WORD, pci_h.PCI_COMMAND_MEMORY());
    assertEquals(pci_h.PCI_COMMAND_MEMORY(), device.config(command, WORD));
  }

  @Test
  void idsCannotBeWritten(KernelUnderTest test) {
    OpenDevice device = test.bound(test.machine().lone().getFirst()).device();
    device.config(pci_h.PCI_VENDOR_ID(), LONG, 0);
    device.config(pci_h.PCI_SUBSYSTEM_VENDOR_ID(), LONG, 0);
    assertEquals(0x11e8_1234, device.config(pci_h.PCI_VENDOR_ID(), LONG));
    assertEquals(0x1100_1af4, device.config(pci_h.PCI_SUBSYSTEM_VENDOR_ID(), LONG));
  }

  @Test
  void barTellsItsSizeWhenAsked(KernelUnderTest test) {
    OpenDevice device = test.bound(test.machine().lone().getFirst()).device();
    long before = device.config(pci_h.PCI_BASE_ADDRESS_0(), LONG);
    device.config(pci_h.PCI_BASE_ADDRESS_0(), LONG, 0xffff_ffffL);
    assertEquals(0xfff0_0000L, device.config(pci_h.PCI_BASE_ADDRESS_0(), LONG));
    device.config(pci_h.PCI_BASE_ADDRESS_0(), LONG, before);
    assertEquals(before, device.config(pci_h.PCI_BASE_ADDRESS_0(), LONG));
    device.config(pci_h.PCI_BASE_ADDRESS_1(), LONG, 0xffff_ffffL);
    assertEquals(0, device.config(pci_h.PCI_BASE_ADDRESS_1(), LONG));
  }

  @Test
  void readsEndWhereTheSpaceEnds(KernelUnderTest test) {
    OpenDevice device = test.bound(test.machine().lone().getFirst()).device();
    long start = device.regionOffset(vfio_h.VFIO_PCI_CONFIG_REGION_INDEX());
    MemorySegment buffer = test.arena().allocate(256);
    same(256, device.pread(buffer, start));
    same(16, device.pread(buffer.asSlice(0, 16), start + 240));
    refused(EFAULT, device.pread(buffer, start + 240));
    refused(EFAULT, device.pread(buffer.asSlice(0, 1), start + 256));
    same(0, device.pread(buffer.asSlice(0, 0), start));
  }

  @Test
  void badBuffersFault(KernelUnderTest test) {
    OpenDevice device = test.bound(test.machine().lone().getFirst()).device();
    long start = device.regionOffset(vfio_h.VFIO_PCI_CONFIG_REGION_INDEX());
    refused(EFAULT, device.pread(nothing(test), start));
    refused(EFAULT, device.pwrite(nothing(test), start));
  }

  @Test
  void regionsThatAreNotThereAreInvalid(KernelUnderTest test) {
    OpenDevice device = test.bound(test.machine().lone().getFirst()).device();
    MemorySegment buffer = test.arena().allocate(4);
    refused(EINVAL, device.pread(buffer, 1L << 40));
    refused(EINVAL, device.pwrite(buffer, 1L << 40));
    refused(EINVAL, device.pread(buffer, 9L << 40));
    refused(EINVAL, device.pread(buffer, 0x100000));
  }

  @Test
  void registersAreReachedByReadAndWrite(KernelUnderTest test) {
    OpenDevice device = test.bound(test.machine().lone().getFirst()).device();
    device.config(pci_h.PCI_COMMAND(), WORD, pci_h.PCI_COMMAND_MEMORY());
    MemorySegment register = test.arena().allocate(4);
    same(4, device.pread(register, 0));
    assertEquals(0x0100_00ed, register.get(ValueLayout.JAVA_INT, 0));
    register.set(ValueLayout.JAVA_INT, 0, 0x1234_5678);
    same(4, device.pwrite(register, 4));
    same(4, device.pread(register, 4));
    assertEquals(~0x1234_5678, register.get(ValueLayout.JAVA_INT, 0));
  }

  private static MemorySegment nothing(KernelUnderTest test) {
    return MemorySegment.ofAddress(test.badAddress()).reinterpret(4);
  }
}
