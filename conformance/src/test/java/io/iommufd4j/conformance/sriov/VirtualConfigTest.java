// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.sriov;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.EIO;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.pci.pci_h;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenDevice;
import io.iommufd4j.conformance.extension.Conformance;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Configuration registers of both kinds of function as VFIO shows them: of a virtual one many are
 * made up, and Express capabilities are kept from harm.
 */
@Conformance
@OnSriovMachines
final class VirtualConfigTest {

  private static final int BYTE = 1;
  private static final int WORD = 2;
  private static final int LONG = 4;
  private static final int SPACE = 4096;

  private static final int PM = 1;
  private static final int EXPRESS = 16;
  private static final int MSIX = 17;
  private static final int ARI = 14;
  private static final int SRIOV = 16;

  private static OpenDevice virtual(KernelUnderTest test) {
    return Functions.open(test).first().device();
  }

  private static OpenDevice physical(KernelUnderTest test) {
    return Functions.open(test).physical().device();
  }

  /** The offset of a capability in config space. */
  private static int capability(OpenDevice device, int id) {
    int at = (int) device.config(pci_h.PCI_CAPABILITY_LIST(), BYTE);
    for (int left = 48; left > 0 && at != 0 && device.config(at, BYTE) != id; left--) {
      at = (int) device.config(at + 1, BYTE);
    }
    return at;
  }

  private static List<Long> extended(OpenDevice device) {
    var ids = new ArrayList<Long>();
    for (int at = 256; at != 0 && ids.size() < 10; ) {
      long header = device.config(at, LONG);
      ids.add(header & 0xffff);
      at = (int) (header >>> 20);
    }
    return ids;
  }

  @Test
  void idsAreMadeUp(KernelUnderTest test) {
    OpenDevice device = virtual(test);
    assertEquals(0x0010_1b36, device.config(pci_h.PCI_VENDOR_ID(), LONG));
    device.config(pci_h.PCI_VENDOR_ID(), LONG, 0);
    assertEquals(0x0010_1b36, device.config(pci_h.PCI_VENDOR_ID(), LONG));
    assertEquals(0x0108_0202, device.config(pci_h.PCI_CLASS_REVISION(), LONG));
    assertEquals(0x1100_1af4, device.config(pci_h.PCI_SUBSYSTEM_VENDOR_ID(), LONG));
    assertEquals(0, device.config(pci_h.PCI_HEADER_TYPE(), BYTE));
  }

  @Test
  void virtualFunctionAlwaysDecodes(KernelUnderTest test) {
    OpenDevice device = virtual(test);
    int command = pci_h.PCI_COMMAND();
    int memory = pci_h.PCI_COMMAND_MEMORY();
    int master = pci_h.PCI_COMMAND_MASTER();
    assertEquals(memory, device.config(command, WORD));
    device.config(command, WORD, 0);
    assertEquals(0, device.config(command, WORD));
    // Its memory is there all the same: the physical function's capability switches it.
    same(LONG, device.pread(test.arena().allocate(LONG), 0x2000));
    device.config(command, WORD, memory | master | pci_h.PCI_COMMAND_IO());
    assertEquals(memory | master | pci_h.PCI_COMMAND_IO(), device.config(command, WORD));
    device.config(command, WORD, 0xffff);
    assertEquals(0x507, device.config(command, WORD));
  }

  @Test
  void virtualFunctionHasNoPin(KernelUnderTest test) {
    Functions functions = Functions.open(test);
    OpenDevice device = functions.first().device();
    assertEquals(0, device.config(pci_h.PCI_INTERRUPT_PIN(), BYTE));
    assertEquals(1, functions.physical().device().config(pci_h.PCI_INTERRUPT_PIN(), BYTE));
    assertEquals(0, device.config(pci_h.PCI_INTERRUPT_LINE(), BYTE));
    device.config(pci_h.PCI_INTERRUPT_LINE(), BYTE, 7);
    assertEquals(7, device.config(pci_h.PCI_INTERRUPT_LINE(), BYTE));
  }

  @Test
  void barsTellTheirSize(KernelUnderTest test) {
    Functions functions = Functions.open(test);
    for (OpenDevice device :
        new OpenDevice[] {functions.physical().device(), functions.first().device()}) {
      assertEquals(4, device.config(pci_h.PCI_BASE_ADDRESS_0(), LONG) & 0xf);
      device.config(pci_h.PCI_BASE_ADDRESS_0(), LONG, 0xffff_ffffL);
      device.config(pci_h.PCI_BASE_ADDRESS_1(), LONG, 0xffff_ffffL);
      assertEquals(0xffff_c004L, device.config(pci_h.PCI_BASE_ADDRESS_0(), LONG));
      assertEquals(0xffff_ffffL, device.config(pci_h.PCI_BASE_ADDRESS_1(), LONG));
      device.config(pci_h.PCI_BASE_ADDRESS_2(), LONG, 0xffff_ffffL);
      assertEquals(0, device.config(pci_h.PCI_BASE_ADDRESS_2(), LONG));
      device.config(pci_h.PCI_BASE_ADDRESS_0(), LONG, 0xfe00_0001L);
      assertEquals(0xfe00_0004L, device.config(pci_h.PCI_BASE_ADDRESS_0(), LONG));
    }
  }

  @Test
  void capabilitiesAreAllShown(KernelUnderTest test) {
    Functions functions = Functions.open(test);
    OpenDevice virtual = functions.first().device();
    OpenDevice physical = functions.physical().device();
    for (OpenDevice device : new OpenDevice[] {virtual, physical}) {
      assertEquals(0x40, capability(device, MSIX));
      assertEquals(0x80, capability(device, EXPRESS));
      assertEquals(0x60, capability(device, PM));
      assertEquals(0x10, device.config(pci_h.PCI_STATUS(), WORD));
    }
    assertEquals(List.of((long) ARI), extended(virtual));
    assertEquals(List.of((long) ARI, (long) SRIOV), extended(physical));
  }

  @Test
  void spaceHas4096Bytes(KernelUnderTest test) {
    OpenDevice device = virtual(test);
    long start = device.regionOffset(vfio_h.VFIO_PCI_CONFIG_REGION_INDEX());
    MemorySegment buffer = test.arena().allocate(SPACE);
    same(SPACE, device.pread(buffer, start));
    refused(EFAULT, device.pread(buffer, start + 1));
    refused(EFAULT, device.pread(buffer.asSlice(0, 1), start + SPACE));
  }

  @Test
  void sriovIsNotSwitchedByTheUser(KernelUnderTest test) {
    OpenDevice device = physical(test);
    int at = 0x120;
    long control = device.config(at + 8, LONG);
    assertEquals(0x19, control);
    device.config(at + 8, LONG, 0);
    assertEquals(control, device.config(at + 8, LONG));
    assertEquals(0x0002_0002, device.config(at + 12, LONG));
    assertEquals(2, device.config(at + 16, WORD));
    device.config(at + 16, WORD, 0);
    assertEquals(2, device.config(at + 16, WORD));
    device.config(at, LONG, 0);
    assertEquals(SRIOV, device.config(at, WORD));
  }

  @Test
  void powerStateIsVfios(KernelUnderTest test) {
    OpenDevice device = physical(test);
    int control = capability(device, PM) + 4;
    assertEquals(3, device.config(control - 2, WORD));
    assertEquals(8, device.config(control, WORD));
    device.config(control, WORD, 0x8108);
    assertEquals(8, device.config(control, WORD));
    device.config(control, WORD, 1);
    assertEquals(8, device.config(control, WORD));
  }

  @Test
  void virtualFunctionSleeps(KernelUnderTest test) {
    OpenDevice device = virtual(test);
    int control = capability(device, PM) + 4;
    MemorySegment register = test.arena().allocate(LONG);
    device.config(control, WORD, 3);
    assertEquals(0xb, device.config(control, WORD));
    refused(EIO, device.pread(register, 0x1000));
    device.config(control, WORD, 2);
    assertEquals(0xb, device.config(control, WORD));
    device.config(control, WORD, 0);
    assertEquals(8, device.config(control, WORD));
    same(LONG, device.pread(register, 0x1000));
  }

  /** The physical function is awake while it has virtual ones. */
  @Test
  void physicalFunctionSleepsAlone(KernelUnderTest test) {
    Functions functions = Functions.open(test);
    OpenDevice device = functions.physical().device();
    int control = capability(device, PM) + 4;
    device.config(control, WORD, 3);
    assertEquals(8, device.config(control, WORD));
    functions.first().device().close();
    functions.second().device().close();
    ok(functions.function().count(0));
    device.config(control, WORD, 3);
    assertEquals(0xb, device.config(control, WORD));
    ok(functions.function().count(1));
    assertEquals(8, device.config(control, WORD));
  }

  /** The bytes of the MSI-X table read as ones, and writes to them do nothing. */
  @Test
  void tableIsLeftOut(KernelUnderTest test) {
    OpenDevice device = virtual(test);
    MemorySegment register = test.arena().allocate(LONG);
    same(LONG, device.pread(register, 0x2000));
    assertEquals(-1, register.get(ValueLayout.JAVA_INT, 0));
    register.set(ValueLayout.JAVA_INT, 0, 0);
    same(LONG, device.pwrite(register, 0x200c));
    same(LONG, device.pread(register, 0x200c));
    assertEquals(-1, register.get(ValueLayout.JAVA_INT, 0));
    MemorySegment across = test.arena().allocate(64);
    same(64, device.pread(across, 0x1fe0));
    same(LONG, device.pread(register, 0x2010));
    refused(EINVAL, device.pread(register, 0x4000));
    same(2, device.pread(register, 0x3ffe));
  }

  @Test
  void deviceControlIsPartlyTheUsers(KernelUnderTest test) {
    OpenDevice device = physical(test);
    int at = capability(device, EXPRESS);
    assertEquals(0x1000_8000, device.config(at + 4, LONG));
    device.config(at + 8, WORD, 0x0fff);
    // Of these QEMU's function has none; payload and read request sizes are VFIO's copies.
    assertEquals(0x00e0, device.config(at + 8, WORD));
    device.config(at + 8, WORD, 0);
    assertEquals(0, device.config(at + 8, WORD));
    device.config(at + 8, WORD, 0x7000);
    assertEquals(0x7000, device.config(at + 8, WORD));
    device.config(at + 40, WORD, 0xffff);
    assertEquals(0x8000, device.config(at + 40, WORD));
    device.config(at + 40, WORD, 0);
  }

  @Test
  void functionIsResetByItsRegister(KernelUnderTest test) {
    OpenDevice device = virtual(test);
    int at = capability(device, EXPRESS);
    device.config(pci_h.PCI_COMMAND(), WORD, pci_h.PCI_COMMAND_MASTER());
    device.config(at + 8, WORD, 0x8000);
    assertEquals(0, device.config(at + 8, WORD) & 0x8000);
    assertEquals(pci_h.PCI_COMMAND_MASTER(), device.config(pci_h.PCI_COMMAND(), WORD));
  }

  @Test
  void vectorsAreNotEnabledByTheUser(KernelUnderTest test) {
    OpenDevice device = virtual(test);
    int at = capability(device, MSIX);
    assertEquals(0, device.config(at + 2, WORD));
    device.config(at + 2, WORD, 0xc000);
    assertEquals(0, device.config(at + 2, WORD));
    assertEquals(0x2000, device.config(at + 4, LONG));
    assertEquals(0x3000, device.config(at + 8, LONG));
  }
}
