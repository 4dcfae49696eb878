package io.iommufd4j.sim.vfio;

import static io.iommufd4j.bindings.pci.pci_h.PCI_BASE_ADDRESS_0;
import static io.iommufd4j.bindings.pci.pci_h.PCI_CACHE_LINE_SIZE;
import static io.iommufd4j.bindings.pci.pci_h.PCI_CAPABILITY_LIST;
import static io.iommufd4j.bindings.pci.pci_h.PCI_CAP_ID_MSI;
import static io.iommufd4j.bindings.pci.pci_h.PCI_CLASS_REVISION;
import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND;
import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND_INTX_DISABLE;
import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND_IO;
import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND_MASTER;
import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND_MEMORY;
import static io.iommufd4j.bindings.pci.pci_h.PCI_DEVICE_ID;
import static io.iommufd4j.bindings.pci.pci_h.PCI_HEADER_TYPE;
import static io.iommufd4j.bindings.pci.pci_h.PCI_HEADER_TYPE_MFD;
import static io.iommufd4j.bindings.pci.pci_h.PCI_INTERRUPT_LINE;
import static io.iommufd4j.bindings.pci.pci_h.PCI_INTERRUPT_PIN;
import static io.iommufd4j.bindings.pci.pci_h.PCI_MSI_FLAGS_64BIT;
import static io.iommufd4j.bindings.pci.pci_h.PCI_MSI_FLAGS_ENABLE;
import static io.iommufd4j.bindings.pci.pci_h.PCI_MSI_FLAGS_QSIZE;
import static io.iommufd4j.bindings.pci.pci_h.PCI_STATUS;
import static io.iommufd4j.bindings.pci.pci_h.PCI_STATUS_CAP_LIST;
import static io.iommufd4j.bindings.pci.pci_h.PCI_SUBSYSTEM_ID;
import static io.iommufd4j.bindings.pci.pci_h.PCI_SUBSYSTEM_VENDOR_ID;
import static io.iommufd4j.bindings.pci.pci_h.PCI_VENDOR_ID;

import java.util.Arrays;

/**
 * The 256 bytes of configuration registers of a conventional function, as hardware has them: type 0
 * header, capability list, and which bits can be written. Multi-byte registers are little-endian.
 */
public final class PciConfigSpace {

  /** Bytes of a conventional function's configuration space. */
  public static final int SIZE = 256;

  /** Bytes of the header; capabilities lie behind it. */
  public static final int HEADER = 64;

  /** Bytes of an MSI capability with a 64-bit address and without mask bits. */
  static final int MSI_64_BYTES = 14;

  private static final int COMMAND_SERR = 0x100;
  private static final int STATUS_CAP_LIST = PCI_STATUS_CAP_LIST();

  /** {@code PCI_STATUS_INTERRUPT}. */
  private static final int STATUS_INTERRUPT = 8;

  private static final int MSI_FLAGS = 2;
  private static final int NOWHERE = 0;

  private final byte[] registers = new byte[SIZE];
  private final byte[] writable = new byte[SIZE];
  private int msiAt = NOWHERE;

  /**
   * Registers after the firmware has been there: memory decoded, bus mastering off.
   *
   * @param classRevision class in bits 31:8, revision in bits 7:0, as {@code PCI_CLASS_REVISION}
   */
  public PciConfigSpace(
      int vendor, int device, int classRevision, int subsystemVendor, int subsystem) {
    put(PCI_VENDOR_ID(), 2, vendor);
    put(PCI_DEVICE_ID(), 2, device);
    put(PCI_CLASS_REVISION(), 4, classRevision);
    put(PCI_SUBSYSTEM_VENDOR_ID(), 2, subsystemVendor);
    put(PCI_SUBSYSTEM_ID(), 2, subsystem);
    put(PCI_COMMAND(), 2, PCI_COMMAND_IO() | PCI_COMMAND_MEMORY() | COMMAND_SERR);
    Arrays.fill(writable, HEADER, SIZE, (byte) 0xff);
    allow(
        PCI_COMMAND(),
        2,
        PCI_COMMAND_IO()
            | PCI_COMMAND_MEMORY()
            | PCI_COMMAND_MASTER()
            | PCI_COMMAND_INTX_DISABLE()
            | COMMAND_SERR);
    allow(PCI_CACHE_LINE_SIZE(), 1, 0xff);
    allow(PCI_INTERRUPT_LINE(), 1, 0xff);
  }

  /** No firmware has been there: memory alone is decoded, which Linux sees to by itself. */
  public void withoutFirmware() {
    put(PCI_COMMAND(), 2, PCI_COMMAND_MEMORY());
  }

  /** Several functions share this function's slot. */
  public void multifunction() {
    put(PCI_HEADER_TYPE(), 1, PCI_HEADER_TYPE_MFD());
  }

  /**
   * A 32-bit memory BAR.
   *
   * @param bytes its size, a power of two
   * @param base bus address the firmware gave it
   */
  public void memoryBar(int index, int bytes, int base) {
    put(PCI_BASE_ADDRESS_0() + 4 * index, 4, base);
    allow(PCI_BASE_ADDRESS_0() + 4 * index, 4, -bytes);
  }

  /**
   * A legacy interrupt.
   *
   * @param pin 1 for INTA
   * @param line the IRQ the firmware gave it
   */
  public void interrupt(int pin, int line) {
    put(PCI_INTERRUPT_PIN(), 1, pin);
    put(PCI_INTERRUPT_LINE(), 1, line);
  }

  /** An MSI capability of one vector with a 64-bit address, first in the list. */
  public void msi(int at) {
    msiAt = at;
    put(at, 1, PCI_CAP_ID_MSI());
    put(at + 1, 1, get(PCI_CAPABILITY_LIST(), 1));
    put(at + 2, 2, PCI_MSI_FLAGS_64BIT());
    put(PCI_CAPABILITY_LIST(), 1, at);
    put(PCI_STATUS(), 2, get(PCI_STATUS(), 2) | STATUS_CAP_LIST);
    Arrays.fill(writable, at, at + MSI_64_BYTES, (byte) 0);
    allow(at + 2, 2, PCI_MSI_FLAGS_ENABLE() | PCI_MSI_FLAGS_QSIZE());
    allow(at + 4, 4, ~3);
    allow(at + 8, 4, -1);
    allow(at + 12, 2, 0xffff);
  }

  /**
   * Reads registers.
   *
   * @param bytes 1, 2 or 4
   */
  public synchronized int read(int offset, int bytes) {
    return get(offset, bytes);
  }

  /** Writes registers; bits that cannot be written keep their values. */
  public synchronized void write(int offset, int bytes, int value) {
    for (int i = 0; i < bytes; i++) {
      int mask = writable[offset + i];
      int written = value >> (8 * i);
      registers[offset + i] = (byte) ((registers[offset + i] & ~mask) | (written & mask));
    }
  }

  /** All registers as they stand, as sysfs shows them in {@code config}. */
  public synchronized byte[] bytes() {
    return registers.clone();
  }

  /** Puts registers back to what {@link #bytes} returned once. */
  synchronized void restore(byte[] saved) {
    System.arraycopy(saved, 0, registers, 0, SIZE);
  }

  /** Whether interrupts leave as messages. */
  synchronized boolean messagesEnabled() {
    return msiAt != NOWHERE && (get(msiAt + MSI_FLAGS, 2) & PCI_MSI_FLAGS_ENABLE()) != 0;
  }

  synchronized void messagesEnabled(boolean enable) {
    if (msiAt != NOWHERE) {
      int flags = get(msiAt + MSI_FLAGS, 2) & ~PCI_MSI_FLAGS_ENABLE();
      put(msiAt + MSI_FLAGS, 2, enable ? flags | PCI_MSI_FLAGS_ENABLE() : flags);
    }
  }

  /** Shows whether the legacy pin is asserted. */
  synchronized void interruptStatus(boolean asserted) {
    int status = get(PCI_STATUS(), 2) & ~STATUS_INTERRUPT;
    put(PCI_STATUS(), 2, asserted ? status | STATUS_INTERRUPT : status);
  }

  /** Whether the function may do DMA. */
  public boolean busMaster() {
    return (read(PCI_COMMAND(), 2) & PCI_COMMAND_MASTER()) != 0;
  }

  private int get(int offset, int bytes) {
    int value = 0;
    for (int i = 0; i < bytes; i++) {
      value |= (registers[offset + i] & 0xff) << (8 * i);
    }
    return value;
  }

  private void put(int offset, int bytes, int value) {
    for (int i = 0; i < bytes; i++) {
      registers[offset + i] = (byte) (value >> (8 * i));
    }
  }

  private void allow(int offset, int bytes, int mask) {
    for (int i = 0; i < bytes; i++) {
      writable[offset + i] = (byte) (mask >> (8 * i));
    }
  }
}
